"""`POST /events`: one event, or an array of them, for publishers that keep no connection.

The body is an envelope as it goes over the WebSocket, or an array of up to 1,000, of 256 KiB in
all, gzipped or not; its `Content-Type` is not looked at. Where at least one was stored the answer
is 202 with `ids`, which are stored, and `errors`, each with the `index` of what it refuses, the
`code` and `field` as in the WebSocket's `error`, and `retryAfterMs` where it is worth trying again.
Where all were refused the status says why (400, 403, 413, or 429 and 503 with Retry-After), and the
body has `errors` all the same. An id that was seen within five minutes counts as stored.
"""

import asyncio
from collections.abc import Sequence
from math import ceil
from typing import Any

from aiohttp import web

from tui.protocol import codec
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.express import Draft
from tui.protocol.models import Message
from tui.server.auth import Access
from tui.server.gateway import Gateway
from tui.server.http.answers import STATUS, RefusedError, answer
from tui.server.http.connections import is_whole
from tui.server.http.door import Door
from tui.server.intake import MAX_BATCH, Intake
from tui.server.limits.limiter import Limiters

BODY_SECONDS = 10.0
"""How long a body may take to come in."""
RETRY_SECONDS = 5
"""When to try again, where nobody knows when it will be better."""


class Publishing:
    def __init__(self, gateway: Gateway, door: Door, limiters: Limiters | None) -> None:
        self._gateway = gateway
        self._door = door
        self._limiters = limiters

    async def post(self, request: web.Request) -> web.Response:
        access = self._door.enter(request)
        if not access.publish:
            raise RefusedError(403, "This token has no permission to publish.", code="forbidden")
        most = self._gateway.limits.publisher_message
        members = _members(await _body(request, most), most)
        drafts, errors = self._judge(access, members)
        outcomes = await self._gateway.publish(list(drafts.values())) if drafts else ()
        ids = []
        for (index, draft), refusal in zip(drafts.items(), outcomes, strict=True):
            if refusal is None:
                ids.append(draft.id)
            else:
                refusal.message_id = draft.id
                errors[index] = refusal
        said = [_said(index, error) for index, error in sorted(errors.items())]
        if errors and not ids:
            raise _refusal(list(errors.values()), said)
        return answer({"ids": ids, "errors": said}, 202)

    def _judge(
        self, access: Access, members: Sequence[bytes]
    ) -> tuple[dict[int, Draft], dict[int, ProtocolError]]:
        """What may be stored, and what may not, by their places in the body."""
        limiter = self._limiters.of(access) if self._limiters else None
        intake = Intake(self._gateway.metrics, limiter, access, depth=self._gateway.limits.depth)
        drafts: dict[int, Draft] = {}
        errors: dict[int, ProtocolError] = {}
        for index, raw in enumerate(members):
            try:
                drafts[index] = _event(intake.take(raw))
            except ProtocolError as error:
                errors[index] = error
        return drafts, errors


async def _body(request: web.Request, most: int) -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise RefusedError(415, f"Content-Encoding {encoding} is not read here; gzip is.")
    if (request.content_length or 0) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
    except TimeoutError:
        raise RefusedError(408, "The body did not come in time.") from None
    except web.HTTPRequestEntityTooLarge:
        raise _too_large(most) from None
    is_whole(request)
    return body


def _members(body: bytes, most: int) -> list[bytes]:
    try:
        members = codec.split(codec.inflate(body, most))
    except ProtocolError as error:
        raise _refusal([error], [_said(None, error)]) from error
    if len(members) > MAX_BATCH:
        raise RefusedError(
            413, f"more than {MAX_BATCH} events in one request", code=ErrorCode.LIMIT_EXCEEDED
        )
    return members


def _event(seen: Draft | Message) -> Draft:
    if isinstance(seen, Draft):
        return seen
    said = f"{seen.type[:64]} is no event type"
    raise ProtocolError(ErrorCode.UNKNOWN_TYPE, said, field="type", message_id=seen.id)


def _said(index: int | None, error: ProtocolError) -> dict[str, Any]:
    said = {
        "index": index,
        "id": error.message_id,
        "error": error.message,
        "code": error.code.value,
        "field": error.field,
        "retryAfterMs": error.retry_after_ms,
    }
    return {name: value for name, value in said.items() if value is not None}


def _refusal(errors: Sequence[ProtocolError], said: list[dict[str, Any]]) -> RefusedError:
    """All was refused: for one reason, or else for the one that passes, or for what is wrong."""
    codes = {error.code for error in errors}
    first = next((error for error in errors if error.code.retryable), errors[0])
    status = STATUS.get(first.code, 400) if first.code.retryable or len(codes) == 1 else 400
    retry_after = None
    if first.code.retryable:
        waits = [error.retry_after_ms for error in errors if error.retry_after_ms is not None]
        retry_after = ceil(max(waits) / 1000) if waits else RETRY_SECONDS
    return RefusedError(
        status, first.message, retry_after=retry_after, code=first.code.value, errors=said
    )


def _too_large(most: int) -> RefusedError:
    return RefusedError(413, f"larger than {most} bytes", code=ErrorCode.TOO_LARGE.value)
