"""A server inside another program, in a thread and an event loop of its own.

A terminal that stalls stops the loop that draws it; publishers must not notice.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from tui.discovery import ServerRecord
from tui.server.config import ServerConfig

_log = logging.getLogger(__name__)
_SERVER_LOG = logging.getLogger("tui.server")


class EmbeddedServer:
    """`start` and `stop` may be called from any thread, `stop` as often as you like."""

    def __init__(
        self, config: ServerConfig, on_trouble: Callable[[str, str], None] | None = None
    ) -> None:
        """`on_trouble` is told what the server warns of, as a level (`warn`, `error`) and a line.

        It is called in the server's threads.
        """
        self._config = config
        self._troubles = _Troubles(on_trouble) if on_trouble else None
        self._ready: Future[ServerRecord] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="autosdlc-server", daemon=True)

    def start(self) -> ServerRecord:
        """Wait until it listens; raises ServerError where it cannot."""
        self._thread.start()
        return self._ready.result()

    def stop(self) -> None:
        """Close every client and wait for the thread to end: at once, or a few seconds at most.

        Clients of the calling thread's own loop are to be closed before: they cannot answer now.
        """
        if self._thread.ident is None:
            return
        # Only once it has started can it be told to stop; where it cannot start, it has ended.
        if self._ready.exception() is None and self._loop is not None:
            with suppress(RuntimeError):  # the loop may have ended meanwhile
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        if self._troubles:
            _SERVER_LOG.addHandler(self._troubles)
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - it is raised again, in `start`'s thread
            if self._ready.done():
                _log.error("the embedded server has ended: %r", error)
            else:
                self._ready.set_exception(error)
        finally:
            if self._troubles:
                _SERVER_LOG.removeHandler(self._troubles)

    async def _serve(self) -> None:
        # Imported here, so that the thread that wants a server first paints its screen.
        from tui.server.run import serve

        self._loop = asyncio.get_running_loop()
        await serve(self._config, ready=self._ready.set_result, stop=self._stop)


class _Troubles(logging.Handler):
    """What is worth a person's attention, handed on as it is said."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        from tui.server.redaction import redact

        level = "error" if record.levelno >= logging.ERROR else "warn"
        self._tell(level, redact(record.getMessage()))
