"""`autosdlc-tui serve`: the server in the foreground, until it is told to stop."""

import asyncio
import os
import signal
import sys

from tui.discovery import TOKEN_VARIABLE, ServerRecord, token_file
from tui.server.config import ServerConfig
from tui.server.deadline import Deadline
from tui.server.logs import logging_to
from tui.server.run import serve


async def serve_until_stopped(config: ServerConfig) -> None:
    """Serve until SIGINT or SIGTERM. Raises ServerError where it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def ready(record: ServerRecord) -> None:
        _say(record, traced=config.trace is not None and config.trace.file is None)

    deadline = Deadline()
    with logging_to(config.log_file, config.log_level, deadline=deadline):
        await serve(config, ready=ready, stop=stop, deadline=deadline)


def _say(record: ServerRecord, *, traced: bool) -> None:
    """Say where it listens: to standard output, unless that is for the trace alone."""
    output = sys.stderr if traced else sys.stdout
    kept = TOKEN_VARIABLE if os.environ.get(TOKEN_VARIABLE) else str(token_file())
    lines = [
        f"listening on {record.url}",
        *([f"health at {record.http_url}/healthz"] if record.http_url else []),
        f"the token is in {kept}; Ctrl-C stops the server",
    ]
    for line in lines:
        print(line, file=output, flush=True)
