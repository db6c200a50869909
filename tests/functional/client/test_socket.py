"""The undocumented part of `websockets` that `tui.client.socket` uses: an upgrade may change it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode

from tui.client.socket import MAX_WAITING, TOGETHER, Socket

TEXT, CONT, PING = Opcode.TEXT, Opcode.CONT, Opcode.PING


class Listening:
    """Whoever is served: notes what it took together."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.takes = True
        self.taken: list[list[bytes]] = []
        self.heard = 0
        self._news = asyncio.Event()

    def on_data(self) -> None:
        self.heard += 1
        self._news.set()

    def on_frames(self) -> None:
        while self.takes and self.socket.has_frames:
            self.taken.append(self.socket.take())
        self._news.set()

    @property
    def all(self) -> list[bytes]:
        return [frame for together in self.taken for frame in together]

    async def hears(self, times: int) -> None:
        await self.until(lambda: self.heard >= times)

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def connected(*early: bytes) -> AsyncIterator[tuple[Listening, ServerConnection]]:
    """Both ends of a connection; `early` is said before anybody listens."""
    there: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    async def handler(websocket: ServerConnection) -> None:
        for frame in early:
            await websocket.send(frame, text=True)
        there.set_result(websocket)
        await websocket.wait_closed()

    async with serve(handler, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        url = f"ws://127.0.0.1:{port}"
        async with connect(url, create_connection=Socket, ping_interval=None) as client:
            socket = cast("Socket", client)
            listening = Listening(socket)
            line = await there
            if early:  # a pong stands behind what was said
                await (await socket.ping())
            socket.serve(listening.on_data, listening.on_frames)
            yield listening, line


def frame(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=False)


def write(line: ServerConnection, *frames: bytes) -> None:
    line.transport.write(b"".join(frames))


async def test_what_came_before_anybody_listened_comes_first() -> None:
    async with connected(b'{"a":1}', b'{"a":2}') as (listening, line):
        await line.send('{"a":3}')
        await listening.until(lambda: len(listening.all) == 3)
        assert listening.all == [b'{"a":1}', b'{"a":2}', b'{"a":3}']


async def test_single_events_come_together_and_what_may_unfold_comes_alone() -> None:
    said = [b"{1}", b"{2}", b"[3]", b"\x1f\x8b4", b"{5}", b" {6}", b"{", b""]
    async with connected() as (listening, line):
        write(line, *(frame(TEXT, one) for one in said))
        await listening.until(lambda: len(listening.all) == len(said))
        assert listening.taken == [
            [b"{1}", b"{2}"], [b"[3]"], [b"\x1f\x8b4"], [b"{5}"], [b" {6}"], [b"{"], [b""],
        ]  # fmt: skip


async def test_large_single_frames_do_not_all_come_together() -> None:
    large = b"{" + b" " * TOGETHER + b"}"
    async with connected() as (listening, line):
        write(line, *(frame(TEXT, one) for one in (b"{}", large, large)))
        await listening.until(lambda: len(listening.all) == 3)
        assert max(map(len, listening.taken)) <= 2
        assert listening.taken[-1] == [large]


async def test_fragments_are_one_message_and_a_ping_between_them_is_answered() -> None:
    async with connected() as (listening, line):
        pong = await line.ping(b"in between")
        write(
            line,
            frame(TEXT, b'{"a"', fin=False),
            frame(CONT, b"", fin=False),
            frame(PING, b"in between"),
            frame(CONT, b":1}"),
            frame(TEXT, b'{"a":2}'),
        )
        await listening.until(lambda: len(listening.all) == 2)
        assert listening.all == [b'{"a":1}', b'{"a":2}']
        await pong


async def test_what_nobody_takes_stops_the_reading_until_it_is_taken() -> None:
    async with connected() as (listening, line):
        listening.takes = False
        for number in range(MAX_WAITING + 1):
            write(line, frame(TEXT, b"[" + b" " * 200 + b"]"))
            await listening.hears(number + 1)
        assert not listening.socket.transport.is_reading()
        listening.takes = True
        listening.on_frames()
        assert len(listening.all) == MAX_WAITING + 1
        assert listening.socket.transport.is_reading()


async def test_what_is_ignored_is_not_kept_and_the_closing_still_works() -> None:
    async with connected() as (listening, line):
        listening.takes = False
        write(line, frame(TEXT, b"[1]"))
        await listening.until(lambda: listening.socket.has_frames)
        listening.socket.ignore()
        await line.send("[2]")
        await listening.socket.close()
        assert not listening.socket.has_frames
        assert listening.socket.close_code == 1000


@pytest.mark.parametrize(("size", "says"), [(125, 0), (126, 1)])
async def test_only_what_is_larger_than_a_ping_says_that_the_link_is_alive(
    size: int, says: int
) -> None:
    async with connected() as (listening, line):
        write(line, frame(TEXT, b"{" + b" " * (size - 2) + b"}"))
        await listening.until(lambda: bool(listening.all))
        assert listening.heard == says
