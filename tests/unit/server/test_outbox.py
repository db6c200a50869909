"""Waiting messages become frames: plain ones one each, v1's joined within the frame limit."""

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st

from tui.server.outbox import Outbox, frames


@given(st.lists(st.integers(0, 30)), st.integers(12, 60))
def test_joined_frames_hold_everything_in_order_within_the_limit(
    sizes: list[int], limit: int
) -> None:
    written = [json.dumps(f"{n}{'x' * size}").encode() for n, size in enumerate(sizes)]
    joined = frames(written, batches=True, limit=limit)
    read: list[str] = []
    for frame in joined:
        content = json.loads(frame)
        # One message that is larger than a frame may be goes out alone, as it is.
        assert len(frame) <= limit or isinstance(content, str)
        read += content if isinstance(content, list) else [content]
    assert read == [json.loads(one) for one in written]
    assert frames(written, batches=False) == written


def test_what_is_over_the_capacity_is_dropped_and_the_first_reason_to_close_stands() -> None:
    woken: list[None] = []
    outbox = Outbox(lambda: woken.append(None), batches=True, capacity=10)
    outbox.put(b"1234567890")
    assert outbox.closing is None
    outbox.put(b"1")
    assert outbox.closing is not None
    assert (outbox.closing.code, outbox.take()) == (4008, [])
    outbox.close(outbox.closing.code.GOING_AWAY, "later")
    outbox.put(b"2")
    assert (outbox.closing.code, outbox.take()) == (4008, [])
    assert woken


async def test_room_is_half_the_capacity_or_nothing_more_to_wait_for() -> None:
    outbox = Outbox(lambda: None, batches=True, capacity=10)
    outbox.put(b"12345")
    await outbox.room()
    outbox.put(b"6")
    waiting = asyncio.create_task(outbox.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    outbox.take()
    await waiting
    outbox.put(b"123456")
    outbox.put(b"123456")
    assert outbox.closing
    await outbox.room()
