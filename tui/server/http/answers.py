"""What HTTP requests are answered with, refusals above all."""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tui.protocol.errors import ErrorCode

_log = logging.getLogger(__name__)
STATUS = {
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.LIMIT_EXCEEDED: 413,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAVAILABLE: 503,
}
"""Which status says what; all other codes are 400."""


class RefusedError(Exception):
    """The request is not granted; `fields` are more of the answer's body."""

    def __init__(
        self, status: int, error: str, *, retry_after: int | None = None, **fields: Any
    ) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error} | fields
        self.retry_after = retry_after


class Answer(web.Response):
    """One that says nothing of what made it."""

    async def _prepare_headers(self) -> None:
        # aiohttp's own hook is not called for what it answers by itself.
        await super()._prepare_headers()
        self.headers.popall("Server", None)


def answer(body: Any, status: int = 200) -> Answer:
    # ASCII only: a header that is quoted in it may hold bytes that are no text.
    return Answer(text=json.dumps(body) + "\n", status=status, content_type="application/json")


@web.middleware
async def errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Whatever goes wrong is said in JSON, and of a fault of ours only that there was one."""
    try:
        return await handler(request)
    except RefusedError as refused:
        response = answer(refused.body, refused.status)
        if refused.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        if refused.retry_after is not None:
            response.headers["Retry-After"] = str(refused.retry_after)
    except web.HTTPMethodNotAllowed as refused:
        allowed = ", ".join(sorted(refused.allowed_methods))
        response = answer({"error": f"{request.path} takes {allowed}"}, refused.status)
        response.headers["Allow"] = allowed
    except web.HTTPNotFound as refused:
        response = answer({"error": f"there is {_paths(request.app)}"}, refused.status)
    except web.HTTPException as refused:
        response = answer({"error": refused.reason}, refused.status)
    except ConnectionError:
        raise
    except Exception:  # noqa: BLE001 - clients hear of no fault of ours but that there was one
        _log.exception("a request failed", extra={"path": request.path})
        response = answer({"error": "the server failed; its log says why"}, 500)
    return response


def _paths(app: web.Application) -> str:
    routes = {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    return ", ".join(sorted(routes))
