"""At once where all is quiet, gathered where many read much, and never later than 15 ms."""

import asyncio
from itertools import pairwise

from tests.support.virtual import in_virtual_time
from tui.server.flush import (
    FEW_READERS,
    GATHER_BYTES,
    GATHER_SECONDS,
    IMPATIENT_FLUSHES,
    Flush,
    Shared,
)


class Reader:
    """Writes down when it was flushed."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.is_flushed = asyncio.Event()

    def flush(self, shared: Shared) -> None:
        del shared
        self.at.append(asyncio.get_running_loop().time())
        self.is_flushed.set()


def many() -> list[Reader]:
    return [Reader() for _ in range(FEW_READERS + 1)]


@in_virtual_time
async def test_what_comes_after_a_quiet_moment_goes_out_at_once() -> None:
    flush, readers = Flush(asyncio.get_running_loop()), many()
    for _ in range(3):
        flush.gather(readers, 100)
        await asyncio.sleep(0)
        assert readers[0].at[-1] == flush.time()
        await asyncio.sleep(1)
    assert [len(one.at) for one in readers] == [3] * len(readers)


@in_virtual_time
async def test_what_comes_in_one_turn_is_one_flush() -> None:
    flush, readers = Flush(asyncio.get_running_loop()), many()
    for _ in range(5):
        flush.gather(readers, 100)
    flush.gather([], 100)
    await asyncio.sleep(1)
    assert readers[0].at == [0.0]


@in_virtual_time
async def test_what_many_read_is_gathered_for_15_ms_at_most() -> None:
    flush, readers = Flush(asyncio.get_running_loop()), many()
    for _ in range(40):
        flush.gather(readers, 100)
        await asyncio.sleep(0.001)
    await asyncio.sleep(1)
    gaps = [later - sooner for sooner, later in pairwise(readers[0].at)]
    assert readers[0].at[0] == 0.0
    assert 0.014 < min(gaps) <= max(gaps) < GATHER_SECONDS + 1e-6
    assert len(gaps) == 3


@in_virtual_time
async def test_few_readers_never_wait() -> None:
    flush, readers = Flush(asyncio.get_running_loop()), many()[1:]
    for n in range(10):
        flush.gather(readers, 100)
        await asyncio.sleep(0)
        assert len(readers[0].at) == n + 1
        await asyncio.sleep(0.001)


@in_virtual_time
async def test_16_kib_are_not_kept_waiting() -> None:
    flush, readers = Flush(asyncio.get_running_loop()), many()
    flush.gather(readers, 100)
    await asyncio.sleep(0.001)
    flush.gather(readers, GATHER_BYTES)
    await asyncio.sleep(0.001)
    assert len(readers[0].at) == 1
    flush.gather(readers, 1)
    flush.gather(readers, 1)
    await asyncio.sleep(0)
    assert len(readers[0].at) == 2
    await asyncio.sleep(1)
    assert len(readers[0].at) == 2


@in_virtual_time
async def test_who_waited_in_vain_is_not_made_to_wait_again_for_long() -> None:
    flush, readers = Flush(asyncio.get_running_loop()), many()
    for _ in range(IMPATIENT_FLUSHES + 2):  # a publisher that waits until each was read
        readers[0].is_flushed.clear()
        flush.gather(readers, 100)
        await readers[0].is_flushed.wait()
    assert flush.time() == GATHER_SECONDS, "it waited once, in vain"
    flush.gather(readers, 100)
    await asyncio.sleep(1)
    assert readers[0].at[-1] == 2 * GATHER_SECONDS, "it is patient again"


@in_virtual_time
async def test_an_answer_does_not_wait_and_takes_along_what_does() -> None:
    flush, readers = Flush(asyncio.get_running_loop()), many()
    flush.gather(readers, 100)
    await asyncio.sleep(0.001)
    flush.gather(readers, 100)
    flush.soon(readers[0])
    flush.soon(readers[0])
    await asyncio.sleep(0)
    assert [len(one.at) for one in readers] == [2] + [1] * (len(readers) - 1)
    await asyncio.sleep(1)
    assert [len(one.at) for one in readers] == [3] + [2] * (len(readers) - 1)
