"""What the server says: control messages as bytes, each with an id and the time.

Those with `protocol`, positions, gaps, snapshots and acks are v1's; plain clients never see them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from tui.protocol import codec
from tui.protocol.errors import ProtocolError
from tui.protocol.models.base import Control, Metadata, WireModel
from tui.protocol.models.control import (
    AuthFailureData,
    AuthFailureMessage,
    AuthSuccessData,
    AuthSuccessMessage,
    ConnectData,
    ConnectMessage,
    ErrorData,
    ErrorMessage,
    Lost,
    PongData,
    PongMessage,
    PublishAckData,
    PublishAckMessage,
    ServerLimits,
    SubscriptionUpdateData,
    SubscriptionUpdateMessage,
)
from tui.protocol.models.control import Position as WirePosition
from tui.server.brokers import Position, Stored
from tui.server.limits.sizes import DEFAULTS, ROOM, Limits

D = TypeVar("D", bound=WireModel)
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
        if not self._v1:
            return self._write(ConnectMessage(data=ConnectData(client_id=self._client_id)))
        data = ConnectData(
            client_id=self._client_id,
            protocol=PROTOCOL_VERSION,
            limits=self._said_limits(max_message),
        )
        times = {"server_time": self._now(), "heartbeat_ms": int(HEARTBEAT_SECONDS * 1000)}
        return self._write(ConnectMessage(data=_with(data, times)))

    def auth_success(self, max_message: int, to: str | None) -> bytes:
        data = (
            AuthSuccessData(limits=self._said_limits(max_message))
            if self._v1
            else AuthSuccessData()
        )
        return self._write(AuthSuccessMessage(data=data), to)

    def auth_failure(self, code: str, reason: str, to: str | None) -> bytes:
        return self._write(AuthFailureMessage(data=AuthFailureData(code=code, reason=reason)), to)

    def error(self, error: ProtocolError) -> bytes:
        """The refusal of a message; `details.index` says which of a frame, where no id can."""
        fields: dict[str, object] = {"error": error.message, "code": error.code.value}
        details = {
            "field": error.field,
            "index": error.index if error.message_id is None else None,
        }
        if known := {name: value for name, value in details.items() if value is not None}:
            fields["details"] = known
        data = ErrorData.model_validate(fields)
        if error.retry_after_ms is not None:
            data = _with(data, {"retry_after_ms": error.retry_after_ms})
        return self._write(ErrorMessage(data=data), error.message_id)

    def pong(self, positions: Mapping[str, Position], to: str | None) -> bytes:
        data = PongData(positions=_wire(positions)) if self._v1 else PongData()
        return self._write(PongMessage(data=_with(data, {"timestamp": self._now()})), to)

    def publish_ack(self, ids: Sequence[str]) -> bytes:
        return self._write(PublishAckMessage(data=PublishAckData(ids=tuple(ids))))

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
        data = SubscriptionUpdateData(
            subscription_ids=tuple(ids),
            status="active",
            positions=_wire(positions),
            recovered=recovered,
        )
        if heads:
            data = data.model_copy(update={"heads": _wire(heads)})
        return self._update(data, to)

    def denied(self, ids: Iterable[str], reason: str, to: str | None) -> bytes:
        data = SubscriptionUpdateData(subscription_ids=tuple(ids), status="denied", reason=reason)
        return self._update(data, to)

    def closed(self, id_: str, to: str | None) -> bytes:
        data = SubscriptionUpdateData(subscription_ids=(id_,), status="closed")
        return self._update(data, to)

    def gap(self, resource: str, lost: tuple[int, int] | None) -> bytes:
        """Events are gone for this client: these offsets at most, or unknown in a new epoch."""
        if lost is None:
            return self._update(SubscriptionUpdateData(status="gap", resource=resource))
        data = SubscriptionUpdateData(
            status="gap",
            resource=resource,
            lost=Lost.model_validate({"from": lost[0], "to": lost[1]}),
        )
        return self._update(data)

    def snapshot(
        self, resource: str, at: Position, state: Sequence[Stored]
    ) -> tuple[bytes, Sequence[Stored]]:
        """A page of a snapshot, as large as a frame may be, and what is left for others."""
        room = self._limits.frame - ROOM
        end = size = 0
        while end < len(state) and (end == 0 or size + len(state[end].v1) < room):
            size += len(state[end].v1) + 1
            end += 1
        data = SubscriptionUpdateData(
            status="snapshot",
            resource=resource,
            epoch=at.epoch,
            offset=at.offset,
            more=end < len(state),
            state=(),
        )
        # The entries are JSON already, and are never taken apart again.
        entries = b",".join([event.v1 for event in state[:end]])
        empty = self._encode(SubscriptionUpdateMessage(data=data))
        page = empty.replace(b'"state":[]', b'"state":[%b]' % entries, 1)
        self._sent("subscription_update", len(page))
        return page, state[end:]

    def _update(self, data: SubscriptionUpdateData, to: str | None = None) -> bytes:
        return self._write(SubscriptionUpdateMessage(data=data), to)

    def _write(self, message: Control, to: str | None = None) -> bytes:
        said = self._encode(message, to)
        self._sent(message.type, len(said))
        return said

    def _encode(self, message: Control, to: str | None = None) -> bytes:
        self._count += 1
        metadata = (
            Metadata(version="1.0") if to is None else Metadata(version="1.0", correlation_id=to)
        )
        envelope = {
            "id": f"{self._client_id}-{self._count}",
            "timestamp": self._now(),
            "metadata": metadata,
        }
        return codec.encode(message.model_copy(update=envelope))

    def _said_limits(self, max_message: int) -> ServerLimits:
        subscriptions = self._limits.subscriptions
        return ServerLimits(max_message_bytes=max_message, max_subscriptions=subscriptions)

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _with(data: D, times: Mapping[str, int]) -> D:
    """`data` with whole milliseconds: `1000`, as the document writes them, and not `1000.0`."""
    return data.model_copy(update=times)


def _wire(positions: Mapping[str, Position]) -> dict[str, WirePosition]:
    return {
        resource: WirePosition(epoch=position.epoch, offset=position.offset)
        for resource, position in positions.items()
    }
