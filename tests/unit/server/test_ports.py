"""Listening ports, and the one line that says why there is none."""

import socket
from collections.abc import Iterator

import pytest

from tui.server import ports
from tui.server.config import ServerError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use_is_named_with_the_way_out(taken: int) -> None:
    with pytest.raises(ServerError) as caught:
        ports.bind("127.0.0.1", taken, "--http-port")
    assert str(caught.value) == (
        f"port {taken} on 127.0.0.1 is in use by another program; "
        "choose one with --http-port, or 0 for any free one"
    )


@pytest.mark.parametrize(
    ("host", "port", "says"),
    [
        ("127.0.0.1", 65536, "65536 is no port"),
        ("127.0.0.1", -1, "-1 is no port"),
        ("no such host", 0, "'no such host' is no address that can be looked up"),
        ("x" * 70 + ".example", 0, "choose another with --host"),
        ("192.0.2.1", 0, "192.0.2.1 is no address of this machine; choose one with --host"),
    ],
)
def test_what_cannot_be_listened_on(host: str, port: int, says: str) -> None:
    with pytest.raises(ServerError, match=says):
        ports.bind(host, port, "--port")


@pytest.mark.parametrize(
    ("host", "reached"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("localhost", "")]
)
def test_the_address_in_a_url_is_one_that_can_be_reached(host: str, reached: str) -> None:
    with ports.bind(host, 0, "--port") as listening:
        url = ports.url("ws", listening, "/ws")
        assert url.startswith(f"ws://{reached}")
        assert url.endswith(f":{listening.getsockname()[1]}/ws")


def test_accepted_connections_send_without_delay() -> None:
    with ports.bind("127.0.0.1", 0, "--port") as listening:
        # What asyncio looks at before it sets TCP_NODELAY.
        assert listening.proto == socket.IPPROTO_TCP
