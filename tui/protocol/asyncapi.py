"""The whole protocol as an AsyncAPI 3.0 document, made from the models, seen from the client.

`asyncapi.json` beside this file is what `render` gave when the wire was last changed knowingly;
a test compares the two.
"""

import json
from typing import Any, get_args

from tui.protocol import limits
from tui.protocol.catalog import EVENTS, SUBPROTOCOL, EventSpec, MessageType
from tui.protocol.errors import CloseCode, ErrorCode, is_terminal
from tui.protocol.models import AnyControl, AnyEvent, LockedEvent
from tui.protocol.schemas import REFERENCE, schemas

MESSAGES = {
    model.model_fields["type"].default: model for model in get_args(AnyControl) + get_args(AnyEvent)
}
"""The model of each message type."""
V1_ONLY = (MessageType.SUBSCRIPTION_UPDATE, MessageType.PUBLISH_ACK)
_LOCKED, _BATCH, _ANSWER, _REFUSAL = "encrypted", "batch", "publish_answer", "refusal"
_EVENTS = (*EVENTS, _LOCKED)
_CLOSES = {
    CloseCode.NORMAL: "as asked for by `disconnect`",
    CloseCode.GOING_AWAY: "the server goes away",
    CloseCode.TOO_LARGE: "a frame was too large",
    CloseCode.RESTARTING: "the server restarts; the reason says when to come back",
    CloseCode.SLOW_READER: "reading too slowly",
    CloseCode.TOKEN_EXPIRED: "the token has expired, or was taken back",
    CloseCode.RATE_LIMITED: "too many messages",
    CloseCode.UNAUTHENTICATED: "not authenticated in time, or with a wrong token",
    CloseCode.FORBIDDEN: "no permission",
    CloseCode.LIMIT_EXCEEDED: "a limit was exceeded",
}


def render() -> str:
    """The document as text, the same from run to run."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> dict[str, Any]:
    """The document as what JSON is made of."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "AutoSDLC events",
            "version": "1.0.0",
            "description": (
                "What a client sends and receives. There are two layers: plain, which any client "
                f"speaks, and v1, for those who offer the WebSocket subprotocol `{SUBPROTOCOL}`. "
                "Unknown fields are ignored, and kept when an event is forwarded."
            ),
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "websocket": _server("127.0.0.1:8765", "ws", "Events both ways."),
            "http": _server("127.0.0.1:8766", "http", "For publishers without a connection."),
        },
        "channels": {"ws": _websocket(), "events": _http()},
        "operations": _operations(),
        "components": {
            "messages": _messages(),
            "schemas": schemas([*MESSAGES.values(), LockedEvent]) | _more_schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "httpApiKey", "in": "cookie", "name": "auth-token"},
                "query": {
                    "type": "httpApiKey",
                    "in": "query",
                    "name": "token",
                    "description": "Only where the server is run with --allow-query-token.",
                },
            },
        },
        "x-subprotocol": {
            "name": SUBPROTOCOL,
            "adds": "offsets and epochs, resume, snapshots, positions, publish_ack, batches",
        },
        "x-close-codes": [
            {"code": int(code), "meaning": _CLOSES[code], "client": _then(code)}
            for code in CloseCode
        ],
        "x-error-codes": [{"code": str(code), "retryable": code.retryable} for code in ErrorCode],
        "x-limits": {
            name.lower(): value for name, value in sorted(vars(limits).items()) if name.isupper()
        },
    }


def _then(code: CloseCode) -> str:
    if code is CloseCode.NORMAL:
        return "nothing"
    return "stop" if is_terminal(code) else "reconnect"


def _server(host: str, protocol: str, description: str) -> dict[str, Any]:
    return {
        "host": host,
        "protocol": protocol,
        "description": description,
        "security": [
            _ref(f"#/components/securitySchemes/{name}") for name in ("bearer", "cookie", "query")
        ],
    }


def _websocket() -> dict[str, Any]:
    query = {
        "type": "object",
        "properties": {
            "compression": {
                "type": "string",
                "enum": ["gzip"],
                "description": f"Gzip frames of {limits.COMPRESS_FROM} bytes or more; both layers.",
            },
            "token": {"type": "string"},
        },
    }
    headers = {
        "type": "object",
        "properties": {"Sec-WebSocket-Protocol": {"type": "string", "enum": [SUBPROTOCOL]}},
    }
    return {
        "address": "/ws",
        "title": "The WebSocket",
        "description": (
            "A text frame is one message, or an array of them (a batch: every reader takes them, "
            "only v1 sends them). A binary frame that starts with 1f 8b is the same, gzipped. "
            f"Whoever shows no token in the handshake sends `auth_request` within "
            f"{limits.AUTH_SECONDS:g} s."
        ),
        "servers": [_ref("#/servers/websocket")],
        "messages": {
            name: _ref(f"#/components/messages/{name}") for name in (*MESSAGES, _LOCKED, _BATCH)
        },
        "bindings": {
            "ws": {"method": "GET", "query": query, "headers": headers, "bindingVersion": "0.1.0"}
        },
    }


def _http() -> dict[str, Any]:
    return {
        "address": "/events",
        "title": "POST /events",
        "description": "One event, or an array of up to 1,000; Content-Encoding may be gzip.",
        "servers": [_ref("#/servers/http")],
        "messages": {
            name: _ref(f"#/components/messages/{name}")
            for name in (*_EVENTS, _BATCH, _ANSWER, _REFUSAL)
        },
    }


def _operations() -> dict[str, Any]:
    post = _operation("send", "events", (*_EVENTS, _BATCH), reply=(_ANSWER, _REFUSAL))
    post["bindings"] = {"http": {"method": "POST", "bindingVersion": "0.3.0"}}
    return {
        "receiveConnect": _operation("receive", "ws", ("connect",)),
        "authenticate": _operation(
            "send", "ws", ("auth_request",), reply=("auth_success", "auth_failure")
        ),
        "subscribe": _operation(
            "send", "ws", ("subscribe",), reply=("subscription_update", "error")
        ),
        "unsubscribe": _operation(
            "send", "ws", ("unsubscribe",), reply=("subscription_update", "error")
        ),
        "ping": _operation("send", "ws", ("ping",), reply=("pong", "error")),
        "disconnect": _operation("send", "ws", ("disconnect",)),
        "publish": _operation("send", "ws", (*_EVENTS, _BATCH), reply=("publish_ack", "error")),
        "receiveEvents": _operation("receive", "ws", (*_EVENTS, _BATCH)),
        "receiveUpdates": _operation("receive", "ws", ("subscription_update", "error")),
        "receivePing": _operation("receive", "ws", ("ping",), reply=("pong",)),
        "postEvents": post,
    }


def _operation(
    action: str, channel: str, messages: tuple[str, ...], *, reply: tuple[str, ...] = ()
) -> dict[str, Any]:
    where = _ref(f"#/channels/{channel}")

    def listed(names: tuple[str, ...]) -> list[dict[str, str]]:
        return [_ref(f"#/channels/{channel}/messages/{name}") for name in names]

    operation: dict[str, Any] = {
        "action": action,
        "channel": where,
        "messages": listed(messages),
    }
    if reply:
        operation["reply"] = {"channel": where, "messages": listed(reply)}
    return operation


def _messages() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, model in MESSAGES.items():
        found[name] = {
            "name": name,
            "payload": _ref(REFERENCE + model.__name__),
            "x-layer": "v1" if name in V1_ONLY else "plain",
        }
        if spec := EVENTS.get(name):
            found[name] |= _routing(spec)
    found[_LOCKED] = {
        "name": _LOCKED,
        "summary": "Any event whose `data` is opaque: `metadata.encrypted` is true.",
        "payload": _ref(REFERENCE + LockedEvent.__name__),
        "x-layer": "plain",
    }
    for name, summary, schema in (
        (_BATCH, "Several messages in one frame, or one body.", "Batch"),
        (_ANSWER, "202: what was stored, and what was refused.", "PublishAnswer"),
        (_REFUSAL, "Any other status: why, and for which events.", "Refusal"),
    ):
        found[name] = {"name": name, "summary": summary, "payload": _ref(REFERENCE + schema)}
    found[_BATCH]["x-layer"] = "v1"
    return found


def _routing(spec: EventSpec) -> dict[str, Any]:
    def wire(field: str) -> str:
        first, *rest = field.split("_")
        return first + "".join(word.capitalize() for word in rest)

    id_ = wire(spec.id_field) if spec.id_field else "metadata.source"
    return {
        "x-topic": f"{spec.resource}:{{{id_}}}:{spec.event}",
        "x-state-key": None if spec.key is None else [wire(field) for field in spec.key],
        "x-conflated": spec.conflated,
    }


def _more_schemas() -> dict[str, Any]:
    text, whole = {"type": "string"}, {"type": "integer"}
    return {
        "Batch": {
            "type": "array",
            "items": {"anyOf": [_ref(REFERENCE + m.__name__) for m in MESSAGES.values()]},
        },
        "PublishAnswer": {
            "type": "object",
            "required": ["ids", "errors"],
            "properties": {
                "ids": {"type": "array", "items": text},
                "errors": {"type": "array", "items": _ref(REFERENCE + "PublishError")},
            },
        },
        "PublishError": {
            "type": "object",
            "required": ["error", "code"],
            "properties": {
                "index": whole,
                "id": text,
                "error": text,
                "code": {"type": "string", "enum": [str(code) for code in ErrorCode]},
                "field": text,
                "retryAfterMs": whole,
            },
        },
        "Refusal": {
            "type": "object",
            "required": ["error"],
            "properties": {
                "error": text,
                "code": text,
                "errors": {"type": "array", "items": _ref(REFERENCE + "PublishError")},
            },
        },
    }


def _ref(place: str) -> dict[str, str]:
    return {"$ref": place}
