"""`autosdlc-tui serve`: the server in the foreground, until it is told to stop."""

import asyncio
import os
import signal

from tui.discovery import ServerRecord, token_file
from tui.server.config import ServerConfig
from tui.server.run import serve


async def run(config: ServerConfig) -> None:
    """Serve until SIGINT or SIGTERM. Raises ServerError where it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(config, ready=_say, stop=stop)


def _say(record: ServerRecord) -> None:
    print(f"listening on {record.url}", flush=True)  # noqa: T201 - a command's own output
    if record.http_url:
        print(f"health at {record.http_url}/healthz", flush=True)  # noqa: T201
    kept = "AUTOSDLC_TOKEN" if os.environ.get("AUTOSDLC_TOKEN") else str(token_file())
    print(f"the token is in {kept}; Ctrl-C stops the server", flush=True)  # noqa: T201
