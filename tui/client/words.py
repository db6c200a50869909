"""What a client says on one connection beside events: each message a frame, numbered."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from tui.client.clock import Clock
from tui.protocol.catalog import MessageType
from tui.protocol.control import control_message


class Words:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)

    def ping(self) -> tuple[str, bytes]:
        """The message's id, by which an answer may refer to it, and its frame."""
        return self._say(MessageType.PING, {"timestamp": self._clock.milliseconds()})

    def pong(self, answer_to: str | None) -> bytes:
        data = {"timestamp": self._clock.milliseconds()}
        return self._say(MessageType.PONG, data, answer_to)[1]

    def auth_request(self, type_: str, token: str) -> bytes:
        return self._say(MessageType.AUTH_REQUEST, {"type": type_, "token": token})[1]

    def subscribe(self, data: Mapping[str, Any]) -> tuple[str, bytes]:
        """The message's id, by which an answer refers to it, and its frame."""
        return self._say(MessageType.SUBSCRIBE, data)

    def unsubscribe(self, subscription_id: str) -> bytes:
        return self._say(MessageType.UNSUBSCRIBE, {"subscriptionId": subscription_id})[1]

    def _say(
        self, type_: MessageType, data: Mapping[str, Any], answer_to: str | None = None
    ) -> tuple[str, bytes]:
        id_, now = f"msg-{next(self._numbers)}", self._clock.milliseconds()
        said = control_message(type_, data, id_=id_, timestamp=now, correlation_id=answer_to)
        return id_, said
