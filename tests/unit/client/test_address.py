"""Which servers are asked for compression, and how."""

import pytest

from tui.client.address import is_loopback, with_compression


@pytest.mark.parametrize(
    "url",
    [
        "ws://localhost:8765/ws",
        "ws://LOCALHOST/ws",
        "ws://127.0.0.1:8765/ws",
        "ws://127.8.9.1/ws?room=1",
        "ws://[::1]:8765/ws",
    ],
)
def test_a_server_on_this_machine_is_not_asked_to_compress(url: str) -> None:
    assert is_loopback(url)
    assert with_compression(url) == url


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("wss://events.example/ws", "wss://events.example/ws?compression=gzip"),
        ("ws://10.0.0.7:8765", "ws://10.0.0.7:8765?compression=gzip"),
        ("ws://[2001:db8::1]:8765/ws", "ws://[2001:db8::1]:8765/ws?compression=gzip"),
        ("ws://h/ws?", "ws://h/ws?compression=gzip"),
        ("ws://h/ws?a=%20b&c", "ws://h/ws?a=%20b&c&compression=gzip"),
        ("ws://me:secret@h/a%2Fb", "ws://me:secret@h/a%2Fb?compression=gzip"),
        ("ws://localhost.example/ws", "ws://localhost.example/ws?compression=gzip"),
    ],
)
def test_a_server_elsewhere_is_asked_and_the_rest_of_its_address_stays(
    url: str, asked: str
) -> None:
    assert not is_loopback(url)
    assert with_compression(url) == asked


@pytest.mark.parametrize("said", ["compression=gzip", "compression=none", "a=b&compression="])
def test_an_address_that_speaks_of_compression_has_the_last_word(said: str) -> None:
    assert with_compression(f"wss://h/ws?{said}") == f"wss://h/ws?{said}"
