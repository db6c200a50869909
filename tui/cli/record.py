"""`autosdlc-tui record`."""

import sys
from typing import TYPE_CHECKING

import click

from tui.cli.failure import fail
from tui.cli.filters import filter_of
from tui.cli.parameters import Duration, File
from tui.cli.place import find_place

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Write events to a file as they come.",
    epilog="""\b
Exit codes:
  0    --for is over, or Ctrl-C or SIGTERM ended it
  1    there is no server, it refused, or the file takes no more
  2    it was asked for wrongly""",
)
@click.argument("path", metavar="FILE", type=File())
@click.argument("filters", metavar="[FILTER]...", nargs=-1)
@click.option(
    "--url",
    help="The server (ws://… or wss://…).  [env: AUTOSDLC_URL; default: the one on this machine]",
)
@click.option("--for", "seconds", type=Duration(), help="How long, such as 90s or 8h.")
def record(path: "Path", filters: tuple[str, ...], url: str | None, seconds: float | None) -> None:
    """Write events to FILE as they come, until Ctrl-C; `autosdlc-tui --replay FILE` shows them.

    It begins with the present state, and has one JSON object a line, gzipped where the name ends
    in .gz. Recording into a file that is there goes on at its end. A FILTER is
    resource:id:event, as for `tail`, such as tdd or 'agent:coder-*'; without one, everything is
    recorded. A server that is away is waited for.
    """
    import asyncio

    from tui.cli.recording import Capture, Narrator
    from tui.client import ConnectionStopped
    from tui.recording import Recorder, RecordingError

    wanted = [filter_of(text) for text in filters or ["*"]]
    place = find_place(url, source="autosdlc-tui record")
    try:
        recorder = Recorder(path)
    except RecordingError as error:
        fail(str(error))
    said = Narrator(recorder, path, bool(sys.stderr and sys.stderr.isatty()))
    said.begin(place.name)
    try:
        with recorder:
            asyncio.run(Capture(place.client, recorder, said).run(wanted, seconds))
    except RecordingError as error:
        said.end()
        fail(str(error), 1)
    except ConnectionStopped as error:
        said.end()
        fail(f"{place.name}: {error.reason}", 1)
    said.end()
