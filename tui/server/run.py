"""One server in this event loop, from its ports to its graceful stop."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from tui import discovery
from tui.discovery import ServerRecord
from tui.protocol import codec
from tui.server import ports
from tui.server.auth import ApiKey, Doorkeeper
from tui.server.brokers.memory import MemoryBroker
from tui.server.config import ServerConfig, ServerError
from tui.server.gateway import Gateway
from tui.server.listener import Listener

_log = logging.getLogger(__name__)


async def serve(
    config: ServerConfig, *, ready: Callable[[ServerRecord], None], stop: asyncio.Event
) -> None:
    """Serve until `stop` is set; `ready` is called once clients can connect.

    Raises ServerError where the server cannot start. A stop takes a few seconds at most.
    """
    authority = ApiKey(_token(config))
    async with AsyncExitStack() as stack:
        listening = ports.bind(config.host, config.port, "--port")
        stack.callback(listening.close)
        http_url = await _start_http(config, stack)
        listener = Listener(
            Gateway(MemoryBroker(ring_bytes=config.history_bytes), authority),
            Doorkeeper(authority, config.origins),
        )
        await listener.start(listening)
        stack.push_async_callback(listener.stop)
        record = ServerRecord(
            url=ports.url("ws", listening, "/ws"),
            http_url=http_url,
            pid=os.getpid(),
            kind=config.kind,
            started=time.time(),
        )
        if config.announce:
            _announce(record, stack)
        ready(record)
        codec.warm_up()
        await stop.wait()


async def _start_http(config: ServerConfig, stack: AsyncExitStack) -> str | None:
    port = config.http_port
    if port == "off":
        return None
    if port is None:
        port = config.port + 1 if config.port else 0
    listening = ports.bind(config.host, port, "--http-port")
    stack.callback(listening.close)
    from tui.server import http

    runner = await http.start(listening)
    stack.push_async_callback(runner.cleanup)
    return ports.url("http", listening)


def _announce(record: ServerRecord, stack: AsyncExitStack) -> None:
    try:
        stack.callback(discovery.withdraw, discovery.announce(record))
    except OSError as error:
        _log.warning("others on this machine will not find this server: %s", error)


def _token(config: ServerConfig) -> str:
    try:
        token = config.token or discovery.load_or_create_token()
    except OSError as error:
        raise ServerError(
            f"the token cannot be kept: {error}; set {discovery.TOKEN_VARIABLE} to one of your own"
        ) from error
    if not (token.isascii() and token.isprintable()):
        raise ServerError(
            f"{discovery.TOKEN_VARIABLE} has characters an HTTP header cannot carry, so no client "
            "could show it; set it to printable ASCII"
        )
    return token
