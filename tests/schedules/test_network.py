"""The network that schedules are played on does what real ones do, and no more."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from random import Random

import pytest

from tests.support.links import Link, Weather
from tests.support.machines import Machine
from tests.support.network import NetworkLoop
from tests.support.virtual import run_virtually

SENT = Random(1).randbytes(200_000)
ROUGH = Weather(latency=0.1, jitter=0.2, piece=900, window=5_000, rate=100_000.0)


class Peer(asyncio.Protocol):
    """Notes what its transport tells it."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.flow: list[str] = []
        self.ended: asyncio.Future[BaseException | None] = asyncio.Future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data

    def pause_writing(self) -> None:
        self.flow.append("pause")

    def resume_writing(self) -> None:
        self.flow.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(exc)


class Two:
    """A client on a machine, a server, and the link between them."""

    def __init__(self, loop: NetworkLoop) -> None:
        self.loop = loop
        self.machine = Machine(loop, "here")
        self.client = Peer()
        self.server = Peer()

    async def connect(self, weather: Weather = ROUGH) -> Link:
        self.loop.network.weather = weather
        await self.loop.create_server(lambda: self.server)
        opening = self.loop.create_connection(lambda: self.client, "there", 1)
        await self.machine.create_task(opening)
        return self.loop.network.links[-1]


def between_two(test: Callable[[Two], Awaitable[None]]) -> Callable[[], None]:
    @wraps(test)
    def run() -> None:
        async def play() -> None:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, NetworkLoop)
            await test(Two(loop))

        run_virtually(play(), NetworkLoop)

    del run.__dict__["__wrapped__"]  # pytest would ask for its argument
    return run


@between_two
async def test_all_bytes_arrive_in_order_and_then_the_end(two: Two) -> None:
    link = await two.connect()
    two.client.transport.write(SENT)
    two.client.transport.close()
    assert await two.server.ended is None
    assert two.server.received == SENT
    assert two.loop.time() > len(SENT) / ROUGH.rate
    await asyncio.sleep(1)
    assert link.is_over


@between_two
async def test_a_sender_is_paused_while_nobody_reads(two: Two) -> None:
    await two.connect()
    two.client.transport.write(SENT)
    two.server.transport.pause_reading()
    await asyncio.sleep(60)
    assert two.client.flow == ["pause"]
    assert len(two.server.received) < ROUGH.window
    two.server.transport.resume_reading()
    await asyncio.sleep(60)
    assert two.client.flow == ["pause", "resume"]
    assert two.server.received == SENT


@pytest.mark.parametrize("size", [1, 7, 12_345])
def test_a_link_is_cut_after_any_byte(size: int) -> None:
    @between_two
    async def test(two: Two) -> None:
        link = await two.connect()
        link.pipes[0].cut_after = size
        two.client.transport.write(SENT)
        for peer in (two.client, two.server):
            assert isinstance(await peer.ended, ConnectionResetError)
        assert two.server.received == SENT[:size]

    test()


@between_two
async def test_a_pipe_that_stalls_after_a_byte_loses_none(two: Two) -> None:
    link = await two.connect()
    link.pipes[0].cut_after, link.pipes[0].stall = 12_345, 60.0
    two.client.transport.write(SENT)
    await asyncio.sleep(50)
    assert two.server.received == SENT[:12_345]
    await asyncio.sleep(50)
    assert two.server.received == SENT


@between_two
async def test_what_was_held_arrives_late_and_whole(two: Two) -> None:
    link = await two.connect(Weather())
    link.hold()
    two.client.transport.write(SENT)
    two.client.transport.close()
    await asyncio.sleep(60)
    assert not two.server.received
    link.release()
    await two.server.ended
    assert two.server.received == SENT


@pytest.mark.parametrize("suspended", [True, False])
def test_a_machine_that_sleeps_does_nothing_meanwhile(suspended: bool) -> None:
    @between_two
    async def test(two: Two) -> None:
        await two.connect(Weather())
        machine, rung = two.machine, []

        async def ring() -> None:
            await asyncio.sleep(10)
            rung.append(two.loop.time())

        begun = two.loop.time()
        ringing = machine.create_task(ring())
        await asyncio.sleep(0)
        machine.sleep(60, suspended=suspended)
        two.server.transport.write(b"hello")
        await asyncio.sleep(59)
        assert not two.client.received
        assert not rung
        await ringing
        assert two.client.received == b"hello"
        # A suspended machine knows nothing of the minute; a stopped process is late.
        assert rung[0] - begun == pytest.approx(70 if suspended else 60, abs=1e-3)
        assert machine.monotonic() == pytest.approx(rung[0] - (60 if suspended else 0), abs=1e-3)

    test()


@between_two
async def test_an_abort_with_unread_bytes_is_a_reset_for_the_other(two: Two) -> None:
    await two.connect(Weather())
    two.server.transport.pause_reading()
    two.client.transport.write(SENT[:100])
    await asyncio.sleep(1)
    two.server.transport.abort()
    assert isinstance(await two.client.ended, ConnectionResetError)
    assert await two.server.ended is None
