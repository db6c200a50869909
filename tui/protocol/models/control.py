"""Control messages: the connection's own, plain and v1 (PROTOCOL.md, "Connection" and "v1")."""

from typing import Any, Literal

from pydantic import Field

from tui.protocol.models.base import Control, Identifier, Time, Whole, WireModel


class Position(WireModel):
    """A place in one stream; offsets count within their epoch."""

    epoch: str
    offset: Whole


Positions = dict[str, Position]
"""By resource."""


class ServerLimits(WireModel):
    max_message_bytes: Whole | None = None
    max_subscriptions: Whole | None = None


class ConnectData(WireModel):
    client_id: str
    protocol: Whole | None = None
    server_time: Time | None = None
    heartbeat_ms: Time | None = None
    limits: ServerLimits | None = None


class DisconnectData(WireModel):
    reason: str | None = None


class PingData(WireModel):
    timestamp: Time | None = None


class PongData(WireModel):
    timestamp: Time | None = None
    positions: Positions | None = None


class ErrorData(WireModel):
    error: str
    code: str | None = None
    details: Any = None
    retry_after_ms: Time | None = None


class AuthRequestData(WireModel):
    type: str
    """`jwt` or `api-key`."""
    token: str


class AuthSuccessData(WireModel):
    permissions: tuple[str, ...] | None = None
    limits: ServerLimits | None = None
    """v1: what holds from now on, in place of what `connect` said."""


class AuthFailureData(WireModel):
    code: str | None = None
    reason: str | None = None


class SubscriptionSpec(WireModel):
    """One subscription. `events` are short names or full types; absent or empty means all."""

    subscription_id: Identifier | None = None
    resource: str | None = None
    resource_id: str | None = None
    events: tuple[str, ...] | None = None


class SubscribeData(SubscriptionSpec):
    subscriptions: tuple[SubscriptionSpec, ...] | None = None
    resume: dict[str, Position | Time] | None = None
    """A cursor (a position for each resource), or `{since: ms}` for every stream from a time."""
    snapshot: Literal["auto", "always", "never"] | None = None


class UnsubscribeData(WireModel):
    subscription_id: Identifier


class Lost(WireModel):
    """An upper bound of what a gap swallowed, in offsets, both ends included."""

    from_: Whole = Field(alias="from")
    to: Whole


class SubscriptionUpdateData(WireModel):
    status: str
    """`active` `denied` `closed` `gap` `snapshot`."""
    subscription_ids: tuple[str, ...] | None = None
    subscription_id: str | None = None
    positions: Positions | None = None
    heads: Positions | None = None
    """Of `active`: the present end of each stream that is replayed from its `positions` on."""
    recovered: bool | None = None
    reason: str | None = None
    resource: str | None = None
    lost: Lost | None = None
    epoch: str | None = None
    offset: Whole | None = None
    state: tuple[dict[str, Any], ...] | None = None
    more: bool | None = None


class PublishAckData(WireModel):
    ids: tuple[str, ...]


class ConnectMessage(Control):
    type: Literal["connect"] = "connect"
    data: ConnectData


class DisconnectMessage(Control):
    type: Literal["disconnect"] = "disconnect"
    data: DisconnectData | None = None


class PingMessage(Control):
    type: Literal["ping"] = "ping"
    data: PingData | None = None


class PongMessage(Control):
    type: Literal["pong"] = "pong"
    data: PongData | None = None


class ErrorMessage(Control):
    type: Literal["error"] = "error"
    data: ErrorData


class AuthRequestMessage(Control):
    type: Literal["auth_request"] = "auth_request"
    data: AuthRequestData


class AuthSuccessMessage(Control):
    type: Literal["auth_success"] = "auth_success"
    data: AuthSuccessData | None = None


class AuthFailureMessage(Control):
    type: Literal["auth_failure"] = "auth_failure"
    data: AuthFailureData | None = None


class SubscribeMessage(Control):
    type: Literal["subscribe"] = "subscribe"
    data: SubscribeData


class UnsubscribeMessage(Control):
    type: Literal["unsubscribe"] = "unsubscribe"
    data: UnsubscribeData


class SubscriptionUpdateMessage(Control):
    type: Literal["subscription_update"] = "subscription_update"
    data: SubscriptionUpdateData


class PublishAckMessage(Control):
    type: Literal["publish_ack"] = "publish_ack"
    data: PublishAckData
