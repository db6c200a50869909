"""`autosdlc-tui serve`."""

import sys
from typing import TYPE_CHECKING, Any, Literal

import click

from tui.cli.failure import fail
from tui.cli.parameters import Duration, File, Size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.server.config import ServerConfig


def _http_port(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> int | Literal["off"] | None:
    """The port; None for the default."""
    del context, parameter
    if value is None:
        return None
    if value == "off":
        return "off"
    if value.isascii() and value.isdigit() and int(value) <= 65_535:
        return int(value)
    raise click.BadParameter(f"{value!r} is neither a port (0 to 65535) nor `off`")


@click.command(short_help="Run a server without a screen.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8765,
    show_default=True,
    help="The WebSocket port; 0 for any free one.",
)
@click.option(
    "--http-port",
    metavar="PORT|off",
    callback=_http_port,
    help="The port for HTTP; 0 for any free one, off for none.  [default: port + 1]",
)
@click.option(
    "--keys",
    type=File(),
    help="The file of API keys, as `autosdlc-tui keys` makes it.  [default: the one it makes]",
)
@click.option(
    "--jwt-key",
    type=File(),
    help="A file with what JSON Web Tokens are checked with: a secret, or a public key (PEM); "
    "- for standard input.",
)
@click.option("--jwt-audience", metavar="TEXT", help="The `aud` that a JSON Web Token must have.")
@click.option("--jwt-issuer", metavar="TEXT", help="The `iss` that a JSON Web Token must have.")
@click.option(
    "--allow-query-token",
    is_flag=True,
    help="Take a token as `?token=` too, though addresses end up in other people's logs.",
)
@click.option(
    "--origin",
    "origins",
    metavar="ORIGIN",
    multiple=True,
    help="A web origin that may connect; repeat.",
)
@click.option(
    "--rate-limits",
    metavar="default|off|FILE",
    default="default",
    show_default=True,
    help="How often a client may say what.",
)
@click.option(
    "--limits",
    type=File(),
    help="A file of how large, how deep, how many and how long (see the README).",
)
@click.option(
    "--max-per-address",
    "connections_per_address",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Connections from one address; this machine's own are not counted.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    metavar="ADDRESS",
    multiple=True,
    help="An address or range (10.0.0.0/8) whose X-Forwarded-For is believed; repeat.",
)
@click.option(
    "--history",
    "history_bytes",
    type=Size(),
    default="8MiB",
    show_default=True,
    help="How much of each resource's past is kept in memory, for those who resume.",
)
@click.option("--journal", type=File(), help="A file in which events survive a restart.")
@click.option(
    "--journal-retain",
    "retain_seconds",
    type=Duration(),
    default="7d",
    show_default=True,
    help="How long the journal keeps events.",
)
@click.option(
    "--journal-size",
    "retain_bytes",
    type=Size(),
    default="1GiB",
    show_default=True,
    help="How large the journal may become, 16MiB or more.",
)
@click.option("--log-file", type=File(), help="Log there, as JSON lines, ten megabytes a file.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="What is logged: this, and what is worse.",
)
@click.option(
    "--trace", is_flag=True, help="Show the messages that come and go, as JSON lines.  [debugging]"
)
@click.option(
    "--trace-type",
    "trace_types",
    metavar="TYPE",
    multiple=True,
    help="Trace this type, or glob (agent_*), only; repeat.",
)
@click.option(
    "--trace-exclude",
    metavar="TYPE",
    multiple=True,
    help="Leave this type, or glob, out of the trace; repeat.",
)
@click.option(
    "--trace-client",
    "trace_clients",
    metavar="CLIENT",
    multiple=True,
    help="Trace the client of this id or name, or glob, only; repeat.",
)
@click.option(
    "--trace-direction",
    type=click.Choice(["in", "out"]),
    help="Trace only what the server receives, or what it sends.",
)
@click.option(
    "--trace-data/--no-trace-data", default=False, help="Whether the trace has the messages' data."
)
@click.option("--trace-file", type=File(), help="Where the trace goes.  [default: standard output]")
def serve(**options: Any) -> None:
    """Run a server without a screen, for dashboards and publishers to connect to.

    The API key with all permissions is AUTOSDLC_TOKEN, or else one that is made once and kept in
    the state directory, where the programs on this machine find it. A secret for JSON Web Tokens
    can come from AUTOSDLC_JWT_SECRET, too.
    """
    from tui.server.command import serve_until_stopped
    from tui.server.config import ServerError
    from tui.server.process import open_standard_streams, run

    open_standard_streams()
    try:
        run(serve_until_stopped(configuration(options)))
    except ServerError as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def configuration(options: "Mapping[str, Any]") -> "ServerConfig":
    """What the command's parameters say; they are called what the configuration's fields are."""
    from tui.cli.keys import default_keys_file
    from tui.server.config import ServerConfig, ServerError, TraceConfig
    from tui.server.limits.sizes import DEFAULTS
    from tui.server.limits.tables import limits_from

    traced, said = {}, {}
    for name, value in options.items():
        if name.startswith("trace_"):
            traced[name.removeprefix("trace_")] = value
        else:
            said[name] = value
    wanted = said.pop("trace") or any(traced.values())
    if said["keys"] and not said["keys"].exists():
        raise ServerError(
            f"--keys {said['keys']}: no such file; "
            f"`autosdlc-tui keys add NAME --file {said['keys']}` makes it"
        )
    said["keys"] = said["keys"] or default_keys_file()
    said["limits"] = limits_from(said["limits"]) if said["limits"] else DEFAULTS
    if str(said["jwt_key"]) == "-":
        said["jwt_key"] = sys.stdin.buffer.read()
    return ServerConfig(**said, trace=TraceConfig(**traced) if wanted else None)
