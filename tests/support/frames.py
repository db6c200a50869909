"""Messages as clients write them: JSON bytes, made without our codec."""

import json
from typing import Any

from tui.protocol import codec
from tui.protocol.express import Draft
from tui.protocol.models import Event

TOKEN = "a-key-for-tests"


def frame(type_: str, data: Any = None, id_: str | None = None, **more: Any) -> bytes:
    """A message with just what is given, as the document's Python kit writes its own."""
    envelope = {"type": type_, "data": data} | ({"id": id_} if id_ else {}) | more
    return json.dumps(envelope).encode()


def log(id_: str, agent: str = "coder-1", message: str = "hello", **more: Any) -> bytes:
    """An event without a state key."""
    data = {"agentId": agent, "level": "info", "message": message, "timestamp": 1}
    return frame("agent_log", data, id_, timestamp=1, **more)


def status(id_: str, agent: str = "coder-1", state: str = "busy") -> bytes:
    """An event with a state key."""
    data = {"agentId": agent, "agentType": "coder", "status": state}
    return frame("agent_status", data, id_, timestamp=1)


def draft(raw: bytes) -> Draft:
    event = codec.decode_message(raw)
    assert isinstance(event, Event)
    return Draft.of(event, raw)


def messages(frames: list[bytes]) -> list[dict[str, Any]]:
    """All messages of frames, batches taken apart."""
    found: list[dict[str, Any]] = []
    for one in frames:
        content = json.loads(one)
        found += content if isinstance(content, list) else [content]
    return found
