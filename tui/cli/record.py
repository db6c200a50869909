"""`autosdlc-tui record`."""

import sys
from typing import TYPE_CHECKING

import click

from tui.cli.failure import fail
from tui.cli.parameters import Duration, File

if TYPE_CHECKING:
    from pathlib import Path

    from tui.protocol.topics import Filter


@click.command()
@click.argument("path", metavar="FILE", type=File())
@click.argument("filters", metavar="[FILTER]...", nargs=-1)
@click.option("--url", help="The server to record (ws://… or wss://…).  [env: AUTOSDLC_URL]")
@click.option("--for", "seconds", type=Duration(), help="How long, such as 90s or 8h.")
def record(path: "Path", filters: tuple[str, ...], url: str | None, seconds: float | None) -> None:
    """Write events to FILE as they come, until Ctrl-C; `autosdlc-tui --replay FILE` shows them.

    It begins with the present state, and has one JSON object a line, gzipped where the name ends
    in .gz. Recording into a file that is there goes on at its end. A FILTER is
    resource[:id][:event], such as tdd or 'agent:coder-*'; without one, everything is recorded.
    """
    import asyncio

    from tui.cli.recording import Narrator, Session
    from tui.client import Client, ConnectionStopped
    from tui.protocol.text import presentable_url
    from tui.recording import Recorder, RecordingError

    wanted = [_filter(text) for text in filters or ["*"]]
    url, token = _place(url)
    try:
        client = Client(url, token, source="autosdlc-tui record")
        recorder = Recorder(path)
    except (RecordingError, ValueError) as error:
        fail(str(error))
    said = Narrator(recorder, path, bool(sys.stderr and sys.stderr.isatty()))
    said.begin(presentable_url(url))
    try:
        with recorder:
            asyncio.run(Session(client, recorder, said).run(wanted, seconds))
    except RecordingError as error:
        said.end()
        fail(str(error), 1)
    except ConnectionStopped as error:
        said.end()
        fail(f"{presentable_url(url)}: {error.reason}", 1)
    said.end()


def _filter(text: str) -> "Filter":
    from tui.protocol.catalog import RESOURCES
    from tui.protocol.errors import ProtocolError
    from tui.protocol.topics import Filter

    try:
        found = Filter.parse(text)
    except ProtocolError as error:
        fail(f"{text!r}: {error}")
    if not found.pairs:
        known = ", ".join(RESOURCES)
        fail(f"{text!r} matches no event; a filter is resource[:id][:event], and there are {known}")
    return found


def _place(url: str | None) -> "tuple[str, str | None]":
    """The server, and the token to show it: the one that was named, or else one found here."""
    from tui.config import ConfigError, load_settings
    from tui.discovery import find_servers, load_token, token_for

    try:
        named = load_settings({"url": url}).url
    except ConfigError as error:
        fail(str(error))
    if named:
        return named, token_for(named)
    if not (found := find_servers()):
        fail(
            "no server runs on this machine; start `autosdlc-tui` or `autosdlc-tui serve`, "
            "or name one with --url",
            1,
        )
    return found[0].url, load_token()
