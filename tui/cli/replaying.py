"""A recording to standard output, each event when it is due."""

from tui.cli.failure import warn
from tui.cli.following import Wish
from tui.cli.lines import Lines
from tui.cli.pipes import Output
from tui.protocol.codec import decode_message
from tui.protocol.errors import ProtocolError
from tui.protocol.models import UnknownMessage
from tui.protocol.models.base import Event
from tui.protocol.routing import topic_of
from tui.recording import Playback, RecordingError


async def play(playback: Playback, wish: Wish, lines: Lines, output: Output) -> int:
    """Print until the recording ends, or the wish does; the exit code. Raises OSError."""
    left = wish.count
    try:
        async for raw in playback:
            event = _event(raw, playback)
            if event is None or not _is_wanted(event, wish):
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


def _event(raw: bytes, playback: Playback) -> Event | UnknownMessage | None:
    try:
        message = decode_message(raw)
    except ProtocolError:
        playback.damage.skip()
        return None
    return message if isinstance(message, Event | UnknownMessage) else None


def _is_wanted(event: Event | UnknownMessage, wish: Wish) -> bool:
    if not wish.filters:
        return True
    return isinstance(event, Event) and any(one.matches(topic_of(event)) for one in wish.filters)
