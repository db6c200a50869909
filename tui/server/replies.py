"""What the server says: control messages as bytes, each with an id and the time.

Those with `protocol`, positions, gaps, snapshots and acks are v1's; plain clients never see them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tui.protocol.catalog import MessageType
from tui.protocol.control import control_message
from tui.protocol.errors import ProtocolError
from tui.server.brokers import Position, Stored
from tui.server.limits.sizes import DEFAULTS, ROOM, Limits

HEARTBEAT_SECONDS = 10.0
PROTOCOL_VERSION = 1


class Replies:
    """The control messages of one connection; `clock` gives Unix seconds.

    `sent` is told the type and the size of each.
    """

    def __init__(
        self,
        client_id: str,
        clock: Callable[[], float],
        sent: Callable[[str, int], None],
        *,
        v1: bool,
        limits: Limits = DEFAULTS,
    ) -> None:
        self._limits = limits
        self._client_id = client_id
        self._clock = clock
        self._v1 = v1
        self._sent = sent
        self._count = 0

    def connect(self, max_message: int) -> bytes:
        data: dict[str, Any] = {"clientId": self._client_id}
        if self._v1:
            data |= {
                "protocol": PROTOCOL_VERSION,
                "serverTime": self._now(),
                "heartbeatMs": int(HEARTBEAT_SECONDS * 1000),
                "limits": self._said_limits(max_message),
            }
        return self._write(MessageType.CONNECT, data)

    def auth_success(self, max_message: int, to: str | None) -> bytes:
        data = {"limits": self._said_limits(max_message)} if self._v1 else {}
        return self._write(MessageType.AUTH_SUCCESS, data, to)

    def auth_failure(self, code: str, reason: str, to: str | None) -> bytes:
        return self._write(MessageType.AUTH_FAILURE, {"code": code, "reason": reason}, to)

    def error(self, error: ProtocolError) -> bytes:
        """The refusal of a message; `details.index` says which of a frame, where no id can."""
        details = {
            "field": error.field,
            "index": error.index if error.message_id is None else None,
        }
        data = {
            "error": error.message,
            "code": error.code.value,
            "details": _known(details) or None,
            "retryAfterMs": error.retry_after_ms,
        }
        return self._write(MessageType.ERROR, _known(data), error.message_id)

    def pong(self, positions: Mapping[str, Position], to: str | None) -> bytes:
        data: dict[str, Any] = {"positions": _wire(positions)} if self._v1 else {}
        return self._write(MessageType.PONG, data | {"timestamp": self._now()}, to)

    def publish_ack(self, ids: Sequence[str]) -> bytes:
        return self._write(MessageType.PUBLISH_ACK, {"ids": ids})

    def active(
        self,
        ids: Iterable[str],
        positions: Mapping[str, Position],
        heads: Mapping[str, Position],
        to: str | None,
        *,
        recovered: bool,
    ) -> bytes:
        """`positions` are what was sent up to now, `heads` what a replay has yet to come to."""
        data = {
            "subscriptionIds": list(ids),
            "status": "active",
            "positions": _wire(positions),
            "recovered": recovered,
            "heads": _wire(heads) or None,
        }
        return self._update(_known(data), to)

    def denied(self, ids: Iterable[str], reason: str, to: str | None) -> bytes:
        data = {"subscriptionIds": list(ids), "status": "denied", "reason": reason}
        return self._update(data, to)

    def closed(self, id_: str, to: str | None) -> bytes:
        return self._update({"subscriptionIds": [id_], "status": "closed"}, to)

    def gap(self, resource: str, lost: tuple[int, int] | None) -> bytes:
        """Events are gone for this client: these offsets at most, or unknown in a new epoch."""
        bounds = lost and {"from": lost[0], "to": lost[1]}
        return self._update(_known({"status": "gap", "resource": resource, "lost": bounds}))

    def snapshot(
        self, resource: str, at: Position, state: Sequence[Stored]
    ) -> tuple[bytes, Sequence[Stored]]:
        """A page of a snapshot, as large as a frame may be, and what is left for others."""
        room = self._limits.frame - ROOM
        end = size = 0
        while end < len(state) and (end == 0 or size + len(state[end].v1) < room):
            size += len(state[end].v1) + 1
            end += 1
        data = {
            "status": "snapshot",
            "resource": resource,
            "epoch": at.epoch,
            "offset": at.offset,
            "more": end < len(state),
            "state": [],
        }
        # The entries are JSON already, and are never taken apart again.
        entries = b",".join([event.v1 for event in state[:end]])
        empty = self._encode(MessageType.SUBSCRIPTION_UPDATE, data)
        page = empty.replace(b'"state":[]', b'"state":[%b]' % entries, 1)
        self._sent(MessageType.SUBSCRIPTION_UPDATE, len(page))
        return page, state[end:]

    def _update(self, data: Mapping[str, Any], to: str | None = None) -> bytes:
        return self._write(MessageType.SUBSCRIPTION_UPDATE, data, to)

    def _write(self, type_: MessageType, data: Mapping[str, Any], to: str | None = None) -> bytes:
        said = self._encode(type_, data, to)
        self._sent(type_, len(said))
        return said

    def _encode(self, type_: MessageType, data: Mapping[str, Any], to: str | None = None) -> bytes:
        self._count += 1
        id_ = f"{self._client_id}-{self._count}"
        return control_message(type_, data, id_=id_, timestamp=self._now(), correlation_id=to)

    def _said_limits(self, max_message: int) -> dict[str, int]:
        return {
            "maxMessageBytes": max_message,
            "maxSubscriptions": self._limits.subscriptions,
        }

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None: a missing field is absent."""
    return {name: value for name, value in fields.items() if value is not None}


def _wire(positions: Mapping[str, Position]) -> dict[str, dict[str, Any]]:
    return {resource: position._asdict() for resource, position in positions.items()}
