"""A recording that a command is to show, and one to standard output, each event when it is due."""

import asyncio
from typing import TYPE_CHECKING

from tui.cli.failure import fail, warn

if TYPE_CHECKING:
    from pathlib import Path

    from tui.cli.following import Wish
    from tui.cli.lines import Lines
    from tui.cli.pipes import Output
    from tui.protocol.models import UnknownMessage
    from tui.protocol.models.base import Event
    from tui.recording import Playback


def open_playback(path: "Path", speed: float) -> "Playback":
    """Where there is nothing to play, the command has failed."""
    from tui.recording import Playback, RecordingError

    try:
        return Playback(path, speed)
    except RecordingError as error:
        fail(f"--replay {error}")


async def play(playback: "Playback", wish: "Wish", lines: "Lines", output: "Output") -> int:
    """Print until the recording ends, the wish does, or nobody reads it any more; the exit code.

    Raises OSError where standard output cannot be written.
    """
    printing = asyncio.create_task(_print(playback, wish, lines, output))
    closing = asyncio.create_task(output.closed())
    try:
        await asyncio.wait((printing, closing), return_when=asyncio.FIRST_COMPLETED)
        return await printing if printing.done() else 0
    finally:
        printing.cancel()
        closing.cancel()
        await asyncio.gather(printing, closing, return_exceptions=True)


async def _print(playback: "Playback", wish: "Wish", lines: "Lines", output: "Output") -> int:
    from tui.recording import RecordingError

    left = wish.count
    try:
        async for raw in playback:
            event = _wanted(raw, playback, wish)
            if event is None:
                continue
            await output.write(lines.line(event, ""))
            left = None if left is None else left - 1
            if left == 0:
                break
    except BrokenPipeError:
        return 0
    except RecordingError as error:
        warn(str(error))
        return 1
    finally:
        playback.close()
    if playback.damage:
        warn(f"{playback.path}: {playback.damage}")
    return 0


def _wanted(raw: bytes, playback: "Playback", wish: "Wish") -> "Event | UnknownMessage | None":
    # The dashboard imports this file, too, and has no time for the models before its first frame.
    from tui.protocol.codec import decode_message
    from tui.protocol.errors import ProtocolError
    from tui.protocol.models import UnknownMessage
    from tui.protocol.models.base import Event
    from tui.protocol.routing import topic_of

    try:
        message = decode_message(raw)
    except ProtocolError:
        playback.damage.skip()
        return None
    if isinstance(message, Event):
        topic = topic_of(message)
        wanted = not wish.filters or any(one.matches(topic) for one in wish.filters)
        return message if wanted else None
    return message if isinstance(message, UnknownMessage) and not wish.filters else None
