"""Ports for servers that go and come back where they were."""

import secrets
import socket
from contextlib import ExitStack

# Below those that Linux (32768) and macOS (49152) give to whoever asks for any: no connection of a
# test that runs at the same time is given one of these while nobody listens on it.
CHOSEN_ONLY = range(10_000, 32_000)


def free_port(neighbours: int = 0) -> int:
    """A port of 127.0.0.1 that is free, as so many above it are."""
    for _ in range(100):
        port = CHOSEN_ONLY.start + secrets.randbelow(len(CHOSEN_ONLY) - neighbours)
        with ExitStack() as bound:
            try:
                for one in range(port, port + neighbours + 1):
                    bound.enter_context(socket.create_server(("127.0.0.1", one)))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
