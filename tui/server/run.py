"""One server in this event loop, from its ports to its graceful stop."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from tui import discovery
from tui.discovery import ServerRecord
from tui.protocol import codec, express
from tui.server import ports
from tui.server.auth import Doorkeeper
from tui.server.auth.configured import authority_from
from tui.server.brokers import Broker
from tui.server.brokers.memory import MemoryBroker
from tui.server.config import ServerConfig, ServerError
from tui.server.deadline import JOURNAL_SECONDS, LOG_SECONDS, TRACE_SECONDS, Deadline
from tui.server.gateway import Gateway
from tui.server.limits.admission import Admission
from tui.server.limits.limiter import Limiters
from tui.server.limits.rates import rate_limits
from tui.server.listener import Listener
from tui.server.redaction import withholding

if TYPE_CHECKING:
    from tui.server.brokers.journal import JournalBroker
    from tui.server.http import HttpServer
    from tui.server.trace import Tracer

ABORT_SECONDS = 0.5
"""What of a stop it takes to cut off those who have not gone."""
LAG_SECONDS = 3.0
"""From when on a disk that takes its time is one that should be sent no more."""
_log = logging.getLogger(__name__)


async def serve(
    config: ServerConfig,
    *,
    ready: Callable[[ServerRecord], None],
    stop: asyncio.Event,
    deadline: Deadline | None = None,
) -> None:
    """Serve until `stop` is set; `ready` is called once clients can connect.

    Raises ServerError where the server cannot start. The `deadline` begins with the stop.
    """
    deadline = deadline or Deadline()
    authority, secrets = authority_from(config, _token(config))
    rates = rate_limits(config.rate_limits)
    async with AsyncExitStack() as stack:
        stack.enter_context(withholding(*secrets))
        listening = ports.bind(config.host, config.port, "--port")
        stack.callback(listening.close)
        http_listening = _bind_http(config)
        if http_listening is not None:
            stack.callback(http_listening.close)
        journal = await _open_journal(config)
        if journal is not None:
            stack.push_async_callback(journal.aclose)
        broker: Broker = journal or MemoryBroker(
            ring_bytes=config.history_bytes, limits=config.limits
        )
        gateway = Gateway(
            broker,
            authority,
            loop=asyncio.get_running_loop(),
            rates=rates,
            limits=config.limits,
            tracer=_tracer(config, stack, deadline),
        )
        doorkeeper = Doorkeeper(
            authority, config.origins, allow_query_token=config.allow_query_token
        )
        admission = Admission(
            time.monotonic,
            connections_per_address=config.connections_per_address,
            trusted_proxies=config.trusted_proxies,
        )
        http = None
        if http_listening is not None:
            limiters = Limiters(rates, time.time) if rates else None
            http = _http(gateway, doorkeeper, admission, limiters, _unready(broker))
            await http.start(http_listening)
            stack.push_async_callback(http.stop)
        listener = Listener(gateway, doorkeeper, admission)
        await listener.start(listening)
        stack.push_async_callback(_stop, config, listener, http, journal, deadline)
        record = ServerRecord(
            url=ports.url("ws", listening, "/ws"),
            http_url=ports.url("http", http_listening) if http_listening else None,
            pid=os.getpid(),
            kind=config.kind,
            started=time.time(),
        )
        if config.announce:
            _announce(record, stack)
        ready(record)
        codec.warm_up()
        express.warm_up()
        await stop.wait()
        deadline.begin()
        _log.info("stopping")


def _bind_http(config: ServerConfig) -> socket.socket | None:
    if config.http_port == "off":
        return None
    if config.http_port is not None:
        return ports.bind(config.host, config.http_port, "--http-port")
    try:
        return ports.bind(config.host, config.port + 1 if config.port else 0, "--http-port")
    except ServerError as error:
        # Nobody asked for this very port, and whoever looks for it finds it with the server.
        _log.warning("%s; HTTP takes a free one", error)
        return ports.bind(config.host, 0, "--http-port")


def _http(
    gateway: Gateway,
    doorkeeper: Doorkeeper,
    admission: Admission,
    limiters: Limiters | None,
    unready: Callable[[], str | None],
) -> "HttpServer":
    from tui.server.http import HttpServer, Parts

    return HttpServer(Parts(gateway, doorkeeper, admission, limiters, unready))


async def _stop(
    config: ServerConfig,
    listener: Listener,
    http: "HttpServer | None",
    journal: "JournalBroker | None",
    deadline: Deadline,
) -> None:
    """Let nobody in, let everybody hear what became of what they said, and close the journal."""
    written = TRACE_SECONDS + LOG_SECONDS
    leave = deadline.left(JOURNAL_SECONDS + written)
    if journal is not None:
        journal.hurry()
    patience = min(config.stop_seconds, leave - ABORT_SECONDS)
    stopping = [listener.stop(patience, restarts=config.kind == "serve")]
    if http is not None:
        stopping.append(http.stop())
    try:
        async with asyncio.timeout(leave):
            await asyncio.gather(*stopping)
    except TimeoutError:
        _log.warning("not everybody has gone in time")
    if journal is not None:
        await journal.aclose(deadline.left(written))


async def _open_journal(config: ServerConfig) -> "JournalBroker | None":
    """None: events are kept in memory."""
    if config.journal is None:
        return None
    from tui.server.brokers.journal import JournalBroker
    from tui.server.brokers.journal.retention import MIN_BYTES, Retention

    if config.retain_bytes < MIN_BYTES:
        raise ServerError(
            f"--journal-size {config.retain_bytes}: too small to keep events in; "
            f"say {MIN_BYTES // 1024**2}MiB or more"
        )
    retention = Retention(config.retain_seconds, config.retain_bytes)
    try:
        journal = JournalBroker(
            config.journal,
            ring_bytes=config.history_bytes,
            limits=config.limits,
            retention=retention,
        )
        await journal.open()
    except ServerError as error:
        if config.kind == "serve":
            raise
        # Nobody asked for this file: a dashboard is of use without one.
        _log.warning("events are kept in memory only: %s", error)
        return None
    return journal


def _tracer(config: ServerConfig, stack: AsyncExitStack, deadline: Deadline) -> "Tracer | None":
    if config.trace is None:
        return None
    from tui.server.trace import tracing

    return stack.enter_context(tracing(config.trace, deadline))


def _unready(broker: Broker) -> Callable[[], str | None]:
    """Why the server should be sent no work now, if so."""

    def reason() -> str | None:
        if not broker.healthy:
            return "what is published cannot be stored now"
        if broker.lag > LAG_SECONDS:
            return f"what is published has waited {broker.lag:.0f} s to be stored"
        return None

    return reason


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
