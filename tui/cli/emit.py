"""`autosdlc-tui emit`."""

from typing import TYPE_CHECKING

import click

from tui.cli.failure import fail, warn
from tui.cli.place import find_place, wait_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.cli.parcels import Parcels
    from tui.client import Client

NAMED = 20
"""Bad lines that are named one by one; the rest is counted."""


@click.command(
    short_help="Publish an event, or a file of them.",
    epilog="""\b
Exit codes:
  0    the server has taken all of them
  1    some were not delivered
  2    it was asked for wrongly
  130  Ctrl-C; 143 SIGTERM""",
)
@click.argument("type_", metavar="[TYPE]", required=False)
@click.argument("assignments", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--file", "name", metavar="F|-", help="Send the events of a file.")
@click.option(
    "--keep-time", is_flag=True, help="With --file: at the times that the events have, not now."
)
@click.option("--source", metavar="NAME", help="Who says so (metadata.source).  [default: emit]")
@click.option(
    "--url",
    help="The server (ws://… or wss://…).  [env: AUTOSDLC_URL; default: the one on this machine]",
)
@wait_option
def emit(
    type_: str | None,
    assignments: tuple[str, ...],
    name: str | None,
    keep_time: bool,  # noqa: FBT001 - click passes by name
    source: str | None,
    url: str | None,
    wait: float,
) -> None:
    """Publish an event, or a file of them, and wait until the server has taken them.

    An event is its TYPE and its data: `emit agent_log agentId=coder-1 level=info message=done`. A
    dot in a KEY leads into an object (currentTask.progress=40). A VALUE is JSON where it is JSON
    (40, true, [..], {..}, "text"), and text otherwise. Fields and values that nobody knows are
    sent, and said.

    A file (- is standard input; gzipped where its name ends in .gz) has an event's envelope in each
    line, as `autosdlc-tui tail --json` prints it. Each is sent as a new event: under an id of its
    own, and with the present time. Lines that hold no event, or that the server refuses, are named,
    and the others sent all the same.

    Where all went well nothing is printed, but how far a file is, on a terminal.
    """
    if (type_ is None) == (name is None):
        fail("say what to send: either TYPE KEY=VALUE …, or --file F")
    if keep_time and name is None:
        fail("--keep-time is for --file; a single event is sent with the present time")
    if type_ is not None:
        events, name = _one(type_, assignments), ""
    else:
        from tui.cli.parcels import is_readable, parcels

        name = name or ""
        if not is_readable(name):
            fail(f"--file {name}: there is no file of that name that may be read")
        events = parcels(name, keep_time=keep_time)
    place = find_place(url, source or "emit")
    from tui.cli.running import run

    run(_send(events, name, place.client, wait))


def _one(type_: str, assignments: "Sequence[str]") -> "Parcels":
    """The event as it is to be sent; where it cannot be one, the command has failed."""
    import time

    from tui.cli.assignments import event_data, oddities
    from tui.cli.parcels import Parcel

    try:
        data = event_data(type_, assignments, time.time() * 1000)
    except ValueError as error:
        fail(str(error))
    for oddity in oddities(type_, data):
        warn(f"{type_}: {oddity}; it is sent as it is")

    async def parcels() -> "Parcels":
        yield 1, Parcel(type_, data)

    return parcels()


async def _send(events: "Parcels", name: str, client: "Client", wait: float) -> int:
    """The exit code; `name` is the file's, or empty for a single event."""
    from tui.cli.parcels import count_after
    from tui.cli.progress import Progress
    from tui.cli.sending import GaveUpError, Sender
    from tui.recording import RecordingError

    progress = Progress(on=bool(name))
    faults = 0

    def wrong(number: int | None, reason: str) -> None:
        nonlocal faults
        faults += 1
        progress.clear()
        if faults <= NAMED:
            warn(f"{name}:{number}: {reason}" if name and number else reason)

    sender = Sender(client, wait, wrong=wrong, look=lambda: progress.show(sender.taken))
    problem = ""
    left = 0
    try:
        await sender.run(events)
    except GaveUpError as error:
        problem, left = str(error), count_after(name, sender.read)
    except RecordingError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{name}: cannot be read: {error.strerror or error}"
    finally:
        left += sender.left
        progress.clear()
        if faults > NAMED:
            warn(f"{name}: and {faults - NAMED:,} more such lines")
        if problem or left:
            undelivered = f"{_counted(left)} not delivered" if left else ""
            warn("; ".join(filter(None, (problem, undelivered))))
    if problem or faults or client.refused:
        return 1
    progress.end(sender.taken)
    return 0


def _counted(number: int) -> str:
    return "1 event was" if number == 1 else f"{number:,} events were"
