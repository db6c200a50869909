"""Connecting, losing the connection in every way there is, and coming back."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib.util import find_spec

import pytest

from tests.functional.client.conftest import FAST, Seen, busy, until
from tests.functional.client.peer import Line, Peer, serving
from tui.client import Client, ClientOptions, ConnectionStatus, ConnectionStopped, Reconnect
from tui.client.clock import Clock


async def test_the_token_travels_in_the_header_and_connect_returns_when_live(peer: Peer) -> None:
    peer.token = "sesame"
    async with Client(peer.url, "sesame\n", options=FAST) as client:
        assert client.status.phase == "live"
        assert client.status.v1 is peer.v1
        line = await peer.line()
        assert line.authorization == "Bearer sesame"
        status = await until(client, lambda s: s.round_trip is not None)
        assert 0 < (status.round_trip or 0) < 5
    assert client.status == ConnectionStatus("stopped", "closed", attempt=1)


async def reset(line: Line) -> None:
    line.reset()


async def restart(line: Line) -> None:
    await line.close(1012, "back in 3 ms")


async def leave(line: Line) -> None:
    await line.close(1000)


async def find_slow(line: Line) -> None:
    await line.close(4008, "slow")


@pytest.mark.parametrize("loss", [reset, restart, leave, find_slow])
async def test_a_lost_connection_is_made_again_with_all_subscriptions(
    peer: Peer, loss: Callable[[Line], Awaitable[None]]
) -> None:
    seen = Seen()
    statuses: list[ConnectionStatus] = []
    async with Client(peer.url, options=FAST) as client:
        client.on_status(statuses.append)
        client.on("agent:status", seen)
        await client.subscribe_to_agent("coder-001")
        gone = await client.subscribe_to_workflow("wf-1")
        first = await peer.line()
        before = await first.take("subscribe", 2)
        await gone.unsubscribe()
        await first.take("unsubscribe")

        await loss(first)
        second = await peer.line(2)
        [again] = await second.take("subscribe")
        wanted = before[0]["data"].get("subscriptions", [before[0]["data"]])
        assert again["data"].get("subscriptions", [again["data"]]) == wanted
        await second.send(busy("e1"))
        assert await seen.ids(1) == ["e1"]
        await until(client, lambda s: s.phase == "live")
        [waiting] = [s for s in statuses if s.phase == "waiting"]
        assert waiting.reason
        assert waiting.retry_at is not None


async def test_a_server_that_is_not_there_yet_is_waited_for() -> None:
    peer = Peer()
    client = Client(peer.url, options=FAST)
    client.start()
    try:
        status = await until(client, lambda s: s.phase == "waiting")
        assert f"cannot reach {peer.url}" in (status.reason or "")
        await until(client, lambda s: s.attempt >= 3)
        await peer.start()
        await until(client, lambda s: s.phase == "live")
    finally:
        await client.close()
        await peer.stop()


async def test_a_name_that_nobody_has_is_said_to_be_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    client = Client("ws://autosdlc.invalid/ws", options=FAST)
    client.start()
    waiting = await until(client, lambda s: s.phase == "waiting")
    assert "name" in (waiting.reason or "").partition("/ws: ")[2].lower()
    await client.close()


async def test_a_server_that_does_not_speak_tls_is_said_not_to() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = Client(f"wss://127.0.0.1:{port}/ws", options=FAST)
        client.start()
        waiting = await until(client, lambda s: s.phase == "waiting")
        assert "TLS failed: wrong version number" in (waiting.reason or "")
        await client.close()


@pytest.mark.skipif(find_spec("python_socks") is not None, reason="it can be used")
async def test_a_socks_proxy_that_cannot_be_used_stops_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("socks_proxy", "socks5://127.0.0.1:9")
    with pytest.raises(ConnectionStopped, match=r"pip install python-socks\[asyncio\]"):
        await Client("ws://autosdlc.invalid/ws", options=FAST).connect()


async def test_a_server_that_accepts_and_closes_is_not_hammered(plain: Peer) -> None:
    plain.closes_with = (1013, "later")
    client = Client(plain.url, options=FAST)
    client.start()
    await until(client, lambda s: s.attempt >= 4)
    assert client.status.attempt >= 4
    await client.close()


@pytest.mark.parametrize("status", [HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE])
async def test_a_busy_server_is_tried_again(plain: Peer, status: HTTPStatus) -> None:
    plain.refuse_with = status
    client = Client(plain.url, options=FAST)
    client.start()
    waiting = await until(client, lambda s: s.phase == "waiting")
    assert f"HTTP {status}" in (waiting.reason or "")
    plain.refuse_with = None
    await client.connect()
    await client.close()


async def test_a_wrong_token_stops_with_a_reason_that_does_not_tell_it(
    plain: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # The peer's own log is not the client's affair.
    logging.getLogger("websockets.server").setLevel(logging.INFO)
    plain.token = "right"
    client = Client(plain.url, "a-wrong-token", options=FAST)
    with pytest.raises(ConnectionStopped, match=r"refused the token.*401"):
        await client.connect()
    assert client.status.phase == "stopped"
    assert plain.handshakes == 1
    assert "a-wrong-token" not in caplog.text + repr(client.__dict__)


@pytest.mark.parametrize(("code", "word"), [(4501, "token"), (4503, "token"), (4999, "closed")])
async def test_a_terminal_close_code_stops(plain: Peer, code: int, word: str) -> None:
    client = Client(plain.url, options=FAST)
    await client.connect()
    line = await plain.line()
    await line.close(code, "never again")
    stopped = await until(client, lambda s: s.phase == "stopped")
    assert f"({code}: never again)" in (stopped.reason or "")
    assert word in (stopped.reason or "")
    await client.close()
    assert client.status.reason == stopped.reason


async def test_a_message_that_is_too_large_stops_and_says_so(plain: Peer) -> None:
    client = Client(plain.url, options=ClientOptions(max_message=1000))
    await client.connect()
    line = await plain.line()
    await line.send(busy("x" * 1000))
    stopped = await until(client, lambda s: s.phase == "stopped")
    assert "larger than" in (stopped.reason or "")
    await client.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/ws",
        "ws://",
        "nonsense",
        "ws://127.0.0.1:99999/ws?token=hidden",
        "http://user:hidden@127.0.0.1/ws",
        "ws://user:hidden",
        "ws://[::1",
        "",
    ],
)
async def test_what_is_no_url_stops_at_once(url: str) -> None:
    with pytest.raises(ConnectionStopped, match="not a WebSocket URL") as stopped:
        await Client(url, options=FAST).connect()
    assert "hidden" not in stopped.value.reason


async def test_attempts_and_reconnect_off_are_kept_to(plain: Peer) -> None:
    plain.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE
    options = ClientOptions(reconnect=Reconnect(delay=0.001, attempts=3))
    with pytest.raises(ConnectionStopped, match="503"):
        await Client(plain.url, options=options).connect()
    assert plain.handshakes == 3
    with pytest.raises(ConnectionStopped, match="503"):
        await Client(plain.url, options=ClientOptions(reconnect=Reconnect(enabled=False))).connect()
    assert plain.handshakes == 4


async def test_a_server_that_wants_a_token_where_there_is_none_says_so(plain: Peer) -> None:
    plain.token = "right"
    with pytest.raises(ConnectionStopped, match="asks for a token"):
        await Client(plain.url, options=FAST).connect()


@pytest.mark.parametrize(("lasted", "attempt"), [(5, 2), (11, 1)])
async def test_the_back_off_starts_anew_after_a_stable_connection(
    plain: Peer, lasted: float, attempt: int
) -> None:
    ahead = 0.0
    clock = Clock(monotonic=lambda: time.monotonic() + ahead)
    statuses: list[ConnectionStatus] = []
    async with Client(plain.url, options=FAST, clock=clock) as client:
        client.on_status(statuses.append)
        line = await plain.line()
        ahead += lasted
        await line.close(1012)
        await plain.line(2)
        [connecting] = [s for s in statuses if s.phase == "connecting"]
        assert connecting.attempt == attempt


async def test_retry_now_does_not_wait(plain: Peer) -> None:
    plain.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE
    hours = Reconnect(delay=36_000.0, max_delay=36_000.0)
    client = Client(plain.url, options=ClientOptions(reconnect=hours))
    client.start()
    await until(client, lambda s: s.phase == "waiting")
    plain.refuse_with = None
    client.retry_now()
    await until(client, lambda s: s.phase == "live")
    await client.close()


async def test_retry_now_starts_a_stopped_client_again(plain: Peer) -> None:
    plain.token = "right"
    client = Client(plain.url, "wrong", options=FAST)
    client.start()
    await until(client, lambda s: s.phase == "stopped")
    plain.token = None
    client.retry_now()
    await until(client, lambda s: s.phase == "live")
    await client.close()


async def test_retry_now_allows_all_the_attempts_again(plain: Peer) -> None:
    plain.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE
    options = ClientOptions(reconnect=Reconnect(delay=0.001, attempts=3))
    client = Client(plain.url, options=options)
    client.start()
    await until(client, lambda s: s.phase == "stopped")
    client.retry_now()
    await until(client, lambda s: s.phase == "stopped")
    assert plain.handshakes == 6
    await client.close()


async def test_something_that_is_no_websocket_server_is_named_and_retried() -> None:
    async def hello(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Client(f"ws://127.0.0.1:{port}/ws", options=FAST)
    client.start()
    waiting = await until(client, lambda s: s.phase == "waiting")
    assert "no WebSocket at" in (waiting.reason or "")
    await client.close()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("503 Busy\r\nRetry-After: 0\r\nRetry-After: 1", "HTTP 503"),
        ("302 Found\r\nLocation: http://elsewhere", "no WebSocket at"),
        ("302 Found\r\nLocation: ws://[", "no WebSocket at"),
        ("302 Found\r\nLocation: #", "no WebSocket at"),
        ("302 Found\r\nLocation: /a\r\nLocation: /b", "no WebSocket at"),
    ],
)
async def test_no_answer_to_the_handshake_stops_the_client(
    answer: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Client(f"ws://user:SECRET@127.0.0.1:{port}/ws?token=SECRET", options=FAST)
    client.start()
    waiting = await until(client, lambda s: s.phase in ("waiting", "stopped"))
    assert waiting.phase == "waiting"
    assert said in (waiting.reason or "")
    assert "SECRET" not in (waiting.reason or "")
    assert "Traceback" not in caplog.text
    await client.close()
    server.close()
    await server.wait_closed()


async def test_a_handshake_that_is_never_answered_times_out() -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
    options = ClientOptions(reconnect=Reconnect(enabled=False), open_timeout=0.05)
    with pytest.raises(ConnectionStopped, match=r"did not answer within 0\.05 s"):
        await Client(url, options=options).connect()
    server.close()


async def test_closing_twice_and_before_the_start_is_harmless(plain: Peer) -> None:
    client = Client(plain.url, options=FAST)
    await client.close()
    await client.connect()
    await asyncio.gather(client.close(), client.close())
    await client.close()


async def test_a_client_can_be_closed_and_connected_again(v1: Peer) -> None:
    seen = Seen()
    client = Client(v1.url, options=FAST)
    client.on("*", seen)
    for number in (1, 2):
        await client.connect()
        line = await v1.line(number)
        await line.send(busy(f"e{number}"))
        await seen.count(number)
        await client.close()
    assert [e.id for e in seen.items] == ["e1", "e2"]


async def test_a_token_that_no_header_can_carry_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="token"):
        Client("ws://127.0.0.1/ws", "two\nlines")


async def test_a_restarted_server_on_the_same_port_is_found_again() -> None:
    async with serving(Peer()) as peer:
        client = Client(peer.url, options=FAST)
        await client.connect()
        await peer.stop()
        await until(client, lambda s: s.phase in ("waiting", "connecting"))
        await peer.start()
        await until(client, lambda s: s.phase == "live")
        await client.close()


@pytest.mark.parametrize("turns", range(5))
async def test_closing_twice_at_once_ends_the_connection(plain: Peer, turns: int) -> None:
    client = Client(plain.url, options=FAST)
    await client.connect()
    line = await plain.line()
    closing = asyncio.create_task(client.close())
    for _ in range(turns):
        await asyncio.sleep(0)
    await client.close()
    await closing
    async with asyncio.timeout(5):
        await line.ended()
