"""The undocumented parts of `websockets` that `tui.server.wire` uses: an upgrade may change them.

Each test here says which: frames come whole to `process_event`, and before any coroutine has its
turn; what is written to the transport goes out in order with what the library itself writes; the
transport's pauses arrive; and what is not taken at once keeps its order on the documented way.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed
from websockets.frames import DATA_OPCODES, Frame, Opcode

from tests.functional.server.conftest import LOCAL, Start
from tests.support.frames import TOKEN
from tests.support.peer import peer
from tests.support.raw import BINARY, CLOSE, PING, PONG, TEXT, RawSocket, masked, open_raw
from tui.protocol.errors import CloseCode
from tui.server.framing import text_frame
from tui.server.wire import STALL_SECONDS, Socket

BEGIN_TEXT, GO_ON, END = 0x01, 0x00, 0x80
"""A fragmented message's first byte: its first frame, a further one, the last."""
MEGABYTE = b"x" * 1024 * 1024


class Listening:
    """Whoever is served: takes what it is told to take, and writes down how it came."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.is_ready = True
        self.at_once: list[bytes] = []
        """What was received within the event loop's own call."""
        self.later: list[bytes] = []
        """What came the documented way."""
        self.all: list[bytes] = []
        self.news = asyncio.Event()
        self.pauses = 0
        self.writable_again = 0
        self.is_lost = False

    def receive(self, frame: bytes) -> None:
        self.at_once.append(frame)
        self._came(frame)

    def receive_later(self, frame: bytes) -> None:
        self.later.append(frame)
        self._came(frame)

    def pause(self) -> None:
        self.pauses += 1

    def written(self) -> None:
        self.writable_again += 1
        self.news.set()

    def lost(self) -> None:
        self.is_lost = True
        self.news.set()

    def _came(self, frame: bytes) -> None:
        self.all.append(frame)
        self.news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self.news.clear()
            await self.news.wait()


@asynccontextmanager
async def connected(
    *, serves: bool = True, receive_buffer: int | None = None
) -> AsyncIterator[tuple[Listening, RawSocket]]:
    """Both ends of one connection; its server is ready to serve, unless told otherwise."""
    met: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()

    async def converse(socket: ServerConnection) -> None:
        assert isinstance(socket, Socket)
        listening = Listening(socket)
        if serves:
            socket.serve(listening)
        met.set_result(listening)
        try:
            while True:
                frame = await socket.next_message()
                await listening.until(lambda: listening.is_ready)
                listening.receive_later(frame)
        except ConnectionClosed:
            pass

    options = {"compression": None, "ping_interval": None, "close_timeout": 2}
    async with listen(converse, "127.0.0.1", 0, create_connection=Socket, **options) as server:  # type: ignore[arg-type] # options of several types
        port = server.sockets[0].getsockname()[1]
        url = f"ws://127.0.0.1:{port}/"
        async with await open_raw(url, None, receive_buffer=receive_buffer) as raw:
            yield await met, raw


async def test_whole_frames_are_taken_before_any_coroutine_has_its_turn() -> None:
    async with connected() as (server, raw):
        frames = [b"{}", b'{"a":"\xc3\xa4"}', b"[" + b"1," * 40_000 + b"1]"]
        for frame in frames:
            raw.send(frame)
        raw.send(b"\x1f\x8b", BINARY)
        await server.until(lambda: len(server.all) == 4)
        assert server.at_once == [*frames, b"\x1f\x8b"]
        assert all(type(one) is bytes for one in server.at_once)
        assert server.later == []
        assert server.pauses > 0


def test_a_frame_has_the_parts_that_are_looked_at() -> None:
    frame = Frame(Opcode.TEXT, b"{}", fin=True)
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, b"{}")
    assert set(DATA_OPCODES) == {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}


async def test_all_that_comes_at_once_is_received_before_the_pause() -> None:
    async with connected() as (server, raw):
        before = server.pauses
        raw.transport.write(masked(b"1") + masked(b"2") + masked(b"3"))
        await server.until(lambda: len(server.all) == 3)
        await asyncio.sleep(0)
        assert server.pauses == before + 1


async def test_fragments_are_one_message_and_what_follows_does_not_overtake_it() -> None:
    async with connected() as (server, raw):
        for payload, head in (
            (b"before", TEXT),
            (b"fr", BEGIN_TEXT),
            (b"agm", GO_ON),
            (b"ping", PING),
            (b"ent", END),
            (b"after", TEXT),
            (b"more", TEXT),
        ):
            raw.send(payload, head)
        await server.until(lambda: len(server.all) == 4)
        assert server.all == [b"before", b"fragment", b"after", b"more"]
        assert server.at_once[0] == b"before"
        assert server.later[0] == b"fragment"
        raw.send(b"at once again")
        await server.until(lambda: len(server.all) == 5)
        assert server.at_once[-1] == b"at once again"


async def test_what_comes_before_it_is_served_is_not_lost() -> None:
    async with connected(serves=False) as (server, raw):
        raw.send(b"early")
        await server.until(lambda: server.later == [b"early"])
        server.socket.serve(server)
        raw.send(b"in time")
        await server.until(lambda: len(server.all) == 2)
        assert server.all == [b"early", b"in time"]


@pytest.mark.parametrize("count", [1, 10])
async def test_what_comes_while_nobody_is_ready_keeps_its_order(count: int) -> None:
    async with connected() as (server, raw):
        server.is_ready = False
        early = [str(n).encode() for n in range(count)]
        for one in early:
            raw.send(one)
        seen = watched(raw)
        raw.send(b"", PING)  # the library answers it: so all before it has come
        while (PONG, b"") not in seen:
            await raw._wait()
        assert server.all == []
        server.is_ready = True
        # The first is with whoever asked for it: this one may not overtake it, ready or not.
        server.socket.process_event(Frame(Opcode.TEXT, b"late", fin=True))
        server.news.set()
        await server.until(lambda: len(server.all) == count + 1)
        assert server.all == [*early, b"late"]
        raw.send(b"at once again")
        await server.until(lambda: len(server.all) == count + 2)
        assert server.at_once == [b"at once again"]


async def test_what_is_written_goes_out_in_order_with_what_the_library_writes() -> None:
    async with connected() as (server, raw):
        seen = watched(raw)
        socket = server.socket
        socket.write(text_frame(b"1") + text_frame(b"2"))
        await socket.ping(b"3")
        socket.write(text_frame(MEGABYTE))
        await socket.send("5")
        socket.write(text_frame(b"6"))
        await socket.ping(b"7")
        await socket.leave(CloseCode.RESTARTING, "back soon")
        assert (await raw.ended()) == (CloseCode.RESTARTING, "back soon")
        assert [payload for _, payload in seen[:-1]] == [
            *(b"1", b"2", b"3", MEGABYTE),
            *(b"5", b"6", b"7"),
        ]
        heads = [TEXT, TEXT, PING, TEXT, TEXT, TEXT, PING, CLOSE]
        assert [head for head, _ in seen] == heads
        assert (socket.close_code, socket.writable) == (CloseCode.RESTARTING, False)


async def test_a_full_socket_is_not_writable_until_it_has_been_read() -> None:
    async with connected(receive_buffer=2**16) as (server, raw):
        socket = server.socket
        assert socket.writable
        raw.stall()
        written = 0
        while socket.writable:
            socket.write(text_frame(MEGABYTE))
            written += 1
            assert written < 100
        assert socket.paused
        waiting = asyncio.create_task(socket.drained())
        await asyncio.sleep(0)
        assert not waiting.done()
        raw.resume()
        await waiting
        assert socket.writable
        assert not socket.paused
        assert server.writable_again == 1
        for _ in range(written):
            assert await raw.frame() == MEGABYTE


async def test_a_socket_that_takes_nothing_has_stalled() -> None:
    async with connected(receive_buffer=2**16) as (server, raw):
        socket = server.socket
        assert not socket.stalled(0.0)
        assert not socket.stalled(1000.0)
        raw.stall()
        while socket.writable:
            socket.write(text_frame(MEGABYTE))
        seconds = 0
        for seconds in range(1000, 1100):  # the kernel may take a little more at first
            if socket.stalled(seconds):
                break
            await asyncio.sleep(0)
        assert 1000 + STALL_SECONDS < seconds < 1099
        raw.resume()
        await server.until(lambda: server.writable_again == 1)
        assert not socket.stalled(2000.0)


@pytest.mark.parametrize("reads", [True, False])
async def test_it_hangs_up_with_a_word_whether_anybody_reads_it_or_not(reads: bool) -> None:
    async with connected(receive_buffer=2**16) as (server, raw):
        if not reads:
            raw.stall()
            while server.socket.writable:
                server.socket.write(text_frame(MEGABYTE))
        hanging_up = asyncio.create_task(server.socket.hang_up(CloseCode.SLOW_READER, "too slow"))
        if reads:
            await hanging_up
            assert await raw.ended() == (CloseCode.SLOW_READER, "too slow")
        else:
            await asyncio.sleep(0)
            server.socket.abort()
            await hanging_up
        assert server.is_lost
        assert not server.socket.writable


async def test_a_client_that_takes_leave_or_vanishes_is_lost_and_waited_for_by_nobody() -> None:
    async with connected() as (server, raw):
        raw.send(CloseCode.NORMAL.to_bytes(2, "big"), CLOSE)
        await server.until(lambda: server.is_lost)
        assert server.socket.close_code == CloseCode.NORMAL
    async with connected() as (server, raw):
        raw.reset()
        await server.until(lambda: server.is_lost)
        assert not server.socket.writable


async def test_after_a_close_frame_nothing_is_written() -> None:
    async with connected() as (server, raw):
        raw.transport.write(masked(b"last words") + masked(b"\x03\xe8", CLOSE))
        await server.until(lambda: server.all == [b"last words"])
        assert not server.socket.writable


async def test_a_server_lets_go_of_who_vanishes_while_it_is_not_listened_to(start: Start) -> None:
    url = (await start(LOCAL)).url
    answers = b"[" + b",".join([b"{}"] * 1000) + b"]"
    async with await open_raw(url, TOKEN, v1=True, receive_buffer=2**16) as raw:
        raw.stall()
        for _ in range(40):
            raw.send(answers)
        async with peer(url) as other:
            for _ in range(20):  # until it is full of answers, and no longer listened to
                await other.say("ping")
                await other.hear_until("pong")
        raw.reset()
    # `start` waits for every connection's end when the server stops.


def watched(raw: RawSocket) -> list[tuple[int, bytes]]:
    """What comes from now on, frame by frame: what is for nobody but the library, too."""
    seen: list[tuple[int, bytes]] = []
    take = raw._take

    def see(head: int, payload: bytes) -> None:
        seen.append((head, payload))
        take(head, payload)

    raw._take = see  # type: ignore[method-assign]
    return seen
