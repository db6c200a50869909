"""What a session's effects say to the client."""

from typing import Any

from tests.support.frames import messages
from tui.server.effects import Effect, Send


def sent(effects: list[Effect]) -> list[dict[str, Any]]:
    return messages([effect.message for effect in effects if isinstance(effect, Send)])


def refusals(effects: list[Effect]) -> list[tuple[str, str | None, object]]:
    """Code, correlation id and details of each error sent."""
    return [
        (
            message["data"]["code"],
            message["metadata"].get("correlationId"),
            message["data"].get("details"),
        )
        for message in sent(effects)
        if message["type"] == "error"
    ]
