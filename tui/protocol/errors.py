"""Error codes, close codes, and the one exception that reading the wire may raise."""

from enum import IntEnum, StrEnum

from tui.protocol.limits import MAX_ERROR


class ErrorCode(StrEnum):
    """`error.data.code`."""

    INVALID_MESSAGE = "invalid_message"
    UNKNOWN_TYPE = "unknown_type"
    TOO_LARGE = "too_large"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    LIMIT_EXCEEDED = "limit_exceeded"
    UNKNOWN_SUBSCRIPTION = "unknown_subscription"
    UNAVAILABLE = "unavailable"

    @property
    def retryable(self) -> bool:
        return self in RETRYABLE


RETRYABLE = frozenset({ErrorCode.RATE_LIMITED, ErrorCode.UNAVAILABLE})
"""The codes after which the same may be sent again; `in` takes a code off the wire as it is."""


class CloseCode(IntEnum):
    """WebSocket close codes (RFC 6455 section 7.4) that this protocol gives a meaning."""

    NORMAL = 1000
    GOING_AWAY = 1001
    TOO_LARGE = 1009
    RESTARTING = 1012
    SLOW_READER = 4008
    TOKEN_EXPIRED = 4009
    RATE_LIMITED = 4429
    UNAUTHENTICATED = 4501
    FORBIDDEN = 4503
    LIMIT_EXCEEDED = 4505


def is_terminal(code: int) -> bool:
    """Whether a client that was closed with `code` stops, rather than tries again."""
    return code == CloseCode.TOO_LARGE or 4500 <= code <= 4999


class ProtocolError(Exception):
    """What was read is not a message of this protocol, or may not be acted on.

    `field` is the dotted path of the offending field (`data.agentId`), where one is to blame;
    `message_id` the envelope's id, where it is a usable one; `index` its place in a batch. Texts
    are cut, since the name of a field may be as long as a message and all of this is sent back.
    `type` and `offset` are what the envelope says of an event that is wrong elsewhere.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        field: str | None = None,
        message_id: str | None = None,
        index: int | None = None,
        retry_after_ms: int | None = None,
        type_: str | None = None,
        offset: int | None = None,
    ) -> None:
        super().__init__(message[:MAX_ERROR])
        self.code = code
        self.message = message[:MAX_ERROR]
        self.field = field and field[:MAX_ERROR]
        self.message_id = message_id
        self.index = index
        self.retry_after_ms = retry_after_ms
        self.type = type_
        self.offset = offset
