"""The demo's story as events, without its server and its clock."""

from collections.abc import Iterator
from itertools import takewhile

from tests.support.events import START
from tui.protocol.codec import build_event
from tui.protocol.models import Message
from tui.sources.demo.mapping import dated, event_id, scenario


def story(until: float, seed: int = 0, start: float = START) -> Iterator[Message]:
    """What happens in its first `until` seconds, from `start` (Unix ms) on."""
    beats = takewhile(lambda beat: beat.at <= until, scenario(seed))
    for index, beat in enumerate(beats):
        yield build_event(
            beat.type,
            dated(beat.data, start, 1.0),
            id_=event_id(seed, index),
            timestamp=start + beat.at * 1000,
            source=beat.source,
        )
