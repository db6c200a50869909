"""HTTP beside the WebSocket port. Imported only where it is on: aiohttp costs start-up time."""

import socket

from aiohttp import web


async def start(listening: socket.socket) -> web.AppRunner:
    """Serve on a listening socket; `cleanup()` of what is returned ends it."""
    app = web.Application()
    app.router.add_get("/healthz", _healthz)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    return runner


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
