"""What a client says on one connection beside events: each message a frame, numbered."""

from itertools import count
from typing import Any

from tui.client.clock import Clock
from tui.protocol import models as m
from tui.protocol.codec import encode
from tui.protocol.models.control import (
    AuthRequestData,
    PingData,
    PongData,
    SubscribeData,
    UnsubscribeData,
)


class Words:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)

    def ping(self) -> tuple[str, bytes]:
        """The message's id, by which an answer may refer to it, and its frame."""
        envelope = self._envelope()
        data = PingData(timestamp=self._clock.milliseconds())
        return envelope["id"], encode(m.PingMessage(**envelope, data=data))

    def pong(self, answer_to: str | None) -> bytes:
        data = PongData(timestamp=self._clock.milliseconds())
        return encode(m.PongMessage(**self._envelope(answer_to), data=data))

    def auth_request(self, type_: str, token: str) -> bytes:
        data = AuthRequestData(type=type_, token=token)
        return encode(m.AuthRequestMessage(**self._envelope(), data=data))

    def subscribe(self, data: SubscribeData) -> tuple[str, bytes]:
        """The message's id, by which an answer refers to it, and its frame."""
        envelope = self._envelope()
        return envelope["id"], encode(m.SubscribeMessage(**envelope, data=data))

    def unsubscribe(self, subscription_id: str) -> bytes:
        data = UnsubscribeData(subscription_id=subscription_id)
        return encode(m.UnsubscribeMessage(**self._envelope(), data=data))

    def _envelope(self, answer_to: str | None = None) -> dict[str, Any]:
        answer = {} if answer_to is None else {"correlationId": answer_to}
        return {
            "id": f"msg-{next(self._numbers)}",
            "timestamp": self._clock.milliseconds(),
            "metadata": {"version": "1.0"} | answer,
        }
