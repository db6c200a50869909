"""The commands, a file each. Imports are inside each, so that `--help` is instant.

Exit codes: 0 all well; 1 the thing itself failed; 2 it was asked for wrongly.
"""

import errno
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tui import __version__
from tui.cli.failure import fail, fail_mutely
from tui.cli.parameters import File

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = ("config", "emit", "keys", "record", "schema", "serve", "tail")
"""Each in a module of its name, which is imported when it is asked for."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"tui.cli.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            fail_mutely(error)


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "-V", "--version", prog_name="autosdlc-tui")
@click.option("--demo", is_flag=True, help="Show a made-up team at work; nothing else is needed.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which demo story is told.")
@click.option(
    "--speed",
    type=click.FloatRange(0.01, 1000),
    default=1.0,
    show_default=True,
    help="How fast the demo, or the replay, runs.",
)
@click.option(
    "--url",
    "urls",
    multiple=True,
    help="The server to watch (ws://… or wss://…); again for another.  [env: AUTOSDLC_URL]",
)
@click.option("--replay", type=File(), help="Show a recording by its own clock (see `record`).")
@click.option("--theme", help="A theme's name.  [env: AUTOSDLC_THEME]")
@click.option("--ascii", is_flag=True, help="Draw with ASCII alone.")
@click.pass_context
def main(
    context: click.Context,
    demo: bool,  # noqa: FBT001 - click passes by name
    seed: int,
    speed: float,
    urls: tuple[str, ...],
    replay: "Path | None",
    theme: str | None,
    ascii: bool,  # noqa: A002, FBT001 - the flag's own name
) -> None:
    """Watch coding agents at work: who needs you, is the code green, is it moving.

    Without options it watches the server running on this machine, or starts one of its own, which
    `pytest --autosdlc` finds by itself. The token for a server elsewhere comes from AUTOSDLC_TOKEN.
    """
    if context.invoked_subcommand is not None:
        return
    if demo and urls:
        fail("--demo brings a server of its own; leave out --url, or --demo")
    if replay and (demo or urls):
        fail(f"--replay shows a recording alone; leave out {'--demo' if demo else '--url'}, or it")
    flags = {"urls": urls, "theme": theme, "ascii": ascii}
    _show(demo=demo, seed=seed, speed=speed, replay=replay, flags=flags)


def _show(
    *, demo: bool, seed: int, speed: float, replay: "Path | None", flags: dict[str, Any]
) -> NoReturn:
    import gc

    from tui.cli.replaying import open_playback
    from tui.config import ConfigError, read_settings, state_file, theme_directories

    # Starting makes a great many objects that stay; the app turns collection on again, once it
    # is connected.
    gc.disable()
    # The screen, a server of our own and the demo are threads that talk to each other: with
    # Python's 5 ms, each word would wait that long for whoever is busy.
    sys.setswitchinterval(0.0005)
    # What changes is drawn at the next of so many moments a second. With Textual's 60, half of what
    # a key took to show was waiting. Few of them have anything to draw, so that more cost nothing.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    settings, faults = read_settings(flags)
    if faults:
        from tui.cli.faults import look_faults

        fail("\n".join([*faults, *look_faults(settings)]))
    playback = open_playback(replay, speed) if replay else None
    _require_terminal()
    from pathlib import Path

    from tui.app import AutosdlcApp
    from tui.feed import Plan
    from tui.keys import keymap
    from tui.remembered import Remembered
    from tui.theme import ThemeError

    servers = () if demo or playback else settings.servers
    named = [
        Plan(
            url=server.url,
            name=server.name if len(servers) > 1 else "",
            token=server.token if server.has_token else None,
        )
        for server in servers
    ]
    plans = named or [Plan(demo=demo, seed=seed, speed=speed, replay=playback)]
    try:
        keys = {}
        if settings.keys:
            keys = keymap(settings.keys, AutosdlcApp.bindable(), settings.origins["keys"])
        app = AutosdlcApp(
            *plans,
            theme=settings.theme,
            theme_directories=theme_directories(),
            keys=keys,
            notices=settings.notify,
            coverage_minimum=settings.coverage.minimum,
            density=settings.density,
            ascii=_lacks_glyphs() if settings.ascii is None else settings.ascii,
            export_directory=Path(settings.export_directory).expanduser(),
            remembered=Remembered(state_file()),
        )
    except (ConfigError, ThemeError) as error:
        from tui.cli.faults import look_faults

        fail("\n".join(look_faults(settings) or [str(error)]))
    app.run()
    raise SystemExit(app.return_code or 0)


def _lacks_glyphs() -> bool:
    """Whether the terminal's encoding, by the locale, has no other characters than ASCII's."""
    import locale

    return locale.getencoding().lower().replace("-", "") != "utf8"


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        fail(
            "the dashboard needs a terminal, and standard input, output or error is none; "
            "run it in one, or `autosdlc-tui serve` for a server without a screen"
        )
    from tui.screens.dashboard import MIN_COLUMNS, MIN_ROWS

    columns, rows = os.get_terminal_size(sys.stderr.fileno())
    # A terminal that does not know its size says 0x0; Textual copes with that.
    if (columns, rows) != (0, 0) and (columns < MIN_COLUMNS or rows < MIN_ROWS):
        fail(
            f"this terminal is {columns}x{rows}, and the dashboard needs {MIN_COLUMNS}x{MIN_ROWS}; "
            "make it larger and start again"
        )
