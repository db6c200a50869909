"""`autosdlc-tui keys`: who may come in, kept in a file that a running server follows."""

from typing import TYPE_CHECKING

import click

from tui.cli.failure import fail, fail_mutely
from tui.cli.parameters import Duration, File

if TYPE_CHECKING:
    from pathlib import Path


class Rate(click.ParamType[tuple[str, float]]):
    """A message type and its rate, from `agent_log=5000/min`."""

    name = "type=rate"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        from tui.server.limits.figures import figures

        type_, equals, written = str(value).partition("=")
        if not equals:
            self.fail(f"{value!r}: say TYPE=RATE, such as agent_log=5000/min", param, ctx)
        try:
            return type_.strip(), figures({type_.strip(): written})[type_.strip()]
        except ValueError as error:
            self.fail(str(error), param, ctx)


def default_keys_file() -> "Path":
    """Where keys are kept unless another file is named."""
    from tui.config import config_directory

    return config_directory() / "keys.toml"


_file = click.option(
    "--file",
    "path",
    type=File(),
    help="The file of keys.  [default: keys.toml, beside config.toml]",
)


@click.group()
def keys() -> None:
    """Make and take back API keys for other people, agents and machines.

    The file holds only their hashes. A server that runs follows it within a second.
    """


@keys.command()
@click.argument("name")
@click.option(
    "--allow",
    metavar="PERMISSION",
    multiple=True,
    help="subscribe:FILTER or publish:FILTER, such as 'publish:agent:coder-1:*'; repeat.",
)
@click.option(
    "--role",
    "roles",
    type=click.Choice(["viewer", "publisher", "admin"]),
    multiple=True,
    help="Sees everything; publishes, too; sees who is connected, too.",
)
@click.option(
    "--rate",
    "rates",
    type=Rate(),
    multiple=True,
    help="A limit of its own, such as agent_log=5000/min, or *=100/s for all events; repeat.",
)
@click.option("--expires", type=Duration(), help="How long it is good, such as 90d or 12h.")
@_file
def add(
    name: str,
    allow: tuple[str, ...],
    roles: tuple[str, ...],
    rates: tuple[tuple[str, float], ...],
    expires: float | None,
    path: "Path | None",
) -> None:
    """Make a key, and print it: this once, since only its hash is kept."""
    from datetime import UTC, datetime, timedelta

    from tui.server.auth import keyfile
    from tui.server.auth.keys import make

    if not (allow or roles):
        fail("say what the key allows: --role viewer, --allow 'publish:agent:coder-1:*', …")
    now = datetime.now(UTC).replace(microsecond=0)
    path = path or default_keys_file()
    try:
        end = now + timedelta(seconds=expires) if expires is not None else None
    except OverflowError:
        fail("--expires: that is beyond all calendars; leave it out for a key without an end")
    try:
        key, stored = make(name, (*roles, *allow), rates=dict(rates), created=now, expires=end)
        with keyfile.edited(path) as known:
            if name in known:
                fail(f"{path}: there is a key {name} already; remove it first, or say another name")
            known[name] = stored
            try:
                click.echo(key)
            except OSError as error:  # one that nobody has seen is not kept
                fail_mutely(error, "; no key was made")
    except (ValueError, keyfile.KeyFileError) as error:
        fail(str(error))
    click.echo(f"{name} is in {path}; the key is not shown again", err=True)


@keys.command("list")
@_file
def list_(path: "Path | None") -> None:
    """Show whose keys there are, and what they allow."""
    from datetime import UTC, datetime

    from tui.server.auth import keyfile
    from tui.server.limits.figures import show

    path = path or default_keys_file()
    try:
        known = sorted(keyfile.read(path).values(), key=lambda key: key.name)
    except keyfile.KeyFileError as error:
        fail(str(error))
    except FileNotFoundError:
        known = []
    if not known:
        click.echo(f"{path} has no keys; `autosdlc-tui keys add NAME --role viewer` makes one")
    for key in known:
        said = [f"{key.name} ({key.id})", " ".join(key.allow)]
        said += [f"{type_}={show(rate)}" for type_, rate in key.rates.items()]
        if key.created:
            said.append(f"since {key.created:%Y-%m-%d}")
        if key.expires:
            word = "until" if key.expires > datetime.now(UTC) else "EXPIRED"
            said.append(f"{word} {key.expires:%Y-%m-%d %H:%M} UTC")
        click.echo("  ".join(said))


@keys.command()
@click.argument("name")
@_file
def remove(name: str, path: "Path | None") -> None:
    """Take a key back: connections that use it end within seconds."""
    from tui.server.auth import keyfile

    path = path or default_keys_file()
    try:
        with keyfile.edited(path) as known:
            if known.pop(name, None) is None:
                fail(f"{path}: there is no key {name}; `autosdlc-tui keys list` shows them")
    except keyfile.KeyFileError as error:
        fail(str(error))
    click.echo(f"{name} is no key any more", err=True)
