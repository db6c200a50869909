"""The broker that a server's settings ask for."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tui.server.brokers import Broker
from tui.server.brokers.memory import MemoryBroker
from tui.server.config import ServerConfig, ServerError

_log = logging.getLogger(__name__)


@asynccontextmanager
async def configured_broker(config: ServerConfig) -> AsyncIterator[Broker]:
    """A journal where one was named, else memory; closed behind the block.

    Raises ServerError where the journal cannot be used; but a dashboard is to come up whatever the
    state of its disk, so its own server does with memory then, and says so.
    """
    journal = None
    if config.journal is not None:
        # Imported here, so that who keeps nothing starts without SQLite.
        from tui.server.brokers.journal import JournalBroker
        from tui.server.brokers.journal.retention import Retention

        journal = JournalBroker(
            config.journal,
            ring_bytes=config.history_bytes,
            retention=Retention(config.retain_seconds, config.retain_bytes),
        )
        try:
            await journal.open()
        except ServerError as error:
            if config.kind != "embedded":
                raise
            _log.warning("%s; until then, events are kept in memory only", error)
            journal = None
    if journal is None:
        yield MemoryBroker(ring_bytes=config.history_bytes)
        return
    try:
        yield journal
    finally:
        await journal.aclose()
