"""Bytes to messages and back: the only module that knows both.

Frames are JSON objects, or arrays of them (a batch), perhaps gzipped. Whatever is wrong with a
frame comes out as `ProtocolError`, and in time linear in its length.
"""

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from math import isfinite
from threading import Lock
from typing import Any, TypeGuard, cast

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, SchemaValidator, core_schema, to_json

from tui.protocol.catalog import EVENTS, MessageType
from tui.protocol.envelope import exact, has_long_number
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.limits import MAX_CLIENT_RECEIVE, MAX_ID
from tui.protocol.models import (
    AnyEvent,
    Known,
    LockedEvent,
    Message,
    SubscriptionUpdateMessage,
    UnknownMessage,
)
from tui.protocol.models.base import Control, Event, WireModel

_GZIP_MAGIC = b"\x1f\x8b"
_TYPES = frozenset(MessageType)
_building = Lock()
# A whole string (or one that never ends), or one bracket: each byte is looked at once.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_BRACKETS = re.compile(_STRING + rb"|[\[\]{}]", re.DOTALL)
_BRACKETS_AND_COMMAS = re.compile(_STRING + rb"|[\[\]{},]", re.DOTALL)


def inflate(frame: bytes, limit: int = MAX_CLIENT_RECEIVE) -> bytes:
    """`frame` as JSON bytes, of at most `limit`; one that is not gzipped comes back as it is."""
    if not frame.startswith(_GZIP_MAGIC):
        if len(frame) > limit:
            raise _too_large(limit)
        return frame
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(frame, limit + 1)
    except zlib.error as error:
        raise ProtocolError(ErrorCode.INVALID_MESSAGE, f"broken gzip: {error}") from error
    if len(plain) > limit:
        raise _too_large(limit)
    if not stream.eof or stream.unused_data:
        raise ProtocolError(ErrorCode.INVALID_MESSAGE, "broken gzip: cut short, or more behind it")
    return plain


def deflate(frame: bytes) -> bytes:
    """`frame` gzipped, at the level that pays for live traffic."""
    stream = zlib.compressobj(level=1, wbits=31)
    return stream.compress(frame) + stream.flush()


def decode(frame: bytes, *, limit: int = MAX_CLIENT_RECEIVE) -> list[Message | ProtocolError]:
    """All messages of a frame; a bad member of a batch is an error in its place.

    Raises ProtocolError where the frame as a whole cannot be read.
    """
    return _decode_plain(inflate(frame, limit))


def decode_frames(
    frames: Sequence[bytes], *, limit: int = MAX_CLIENT_RECEIVE
) -> tuple[list[Message | ProtocolError], int]:
    """All messages of frames that came together, and the bytes of these, inflated.

    What is wrong, be it with a whole frame, is an error in its place.
    """
    if len(frames) > 1 and all(frame.startswith(b"{") for frame in frames):
        # Single events, as a batch: a third cheaper. Who cuts JSON so that it is whole again only
        # once it is joined is taken at their word.
        joined = b"[" + b",".join(frames) + b"]"
        batch = _validate_batch(joined)
        if batch is not None and len(batch) == len(frames):
            return batch, sum(map(len, frames))
    messages: list[Message | ProtocolError] = []
    size = 0
    for frame in frames:
        try:
            plain = inflate(frame, limit)
            size += len(plain)
            messages += _decode_plain(plain)
        except ProtocolError as error:
            messages.append(error)
    return messages, size


def decode_state(message: SubscriptionUpdateMessage) -> list[Message | ProtocolError]:
    """The entries of a snapshot's page; a bad one is an error in its place."""
    return _decode_batch(to_json(message.data.state or (), inf_nan_mode="constants"))


def _decode_plain(plain: bytes) -> list[Message | ProtocolError]:
    if plain[:1] != b"{" and _is_batch(plain):
        return _decode_batch(plain)
    return [decode_message(plain)]


def _decode_batch(plain: bytes) -> list[Message | ProtocolError]:
    batch = _validate_batch(plain)
    if batch is not None:
        return batch
    return [_decode_member(raw, index) for index, raw in enumerate(split(plain))]


def _validate_batch(plain: bytes) -> list[Message | ProtocolError] | None:
    """The usual case, in one pass; None where something is wrong, and to be found one by one."""
    if b'"encrypted"' in plain or may_hold_nan(plain):
        return None
    try:
        batch = _batch_validator().validate_json(plain, by_alias=True, by_name=False)
    except (ValidationError, RecursionError, OverflowError):
        return None
    return cast("list[Message | ProtocolError]", batch)


def split(plain: bytes) -> list[bytes]:
    """The members of a batch as JSON bytes of their own; a single message is a batch of one.

    A member that is no JSON comes as it stands, so that it alone is refused when it is decoded.
    Raises ProtocolError where the array itself has no end.
    """
    if not _is_batch(plain):
        return [plain]
    if not has_long_number(plain):
        # The usual case: some 20 times as fast as to cut, but whole numbers beyond 64 bits and
        # members that are no JSON would be lost.
        with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
            return [exact(orjson.dumps(member)) for member in orjson.loads(plain)]
    members = _slice(plain)
    if members is None:
        raise ProtocolError(ErrorCode.INVALID_MESSAGE, "not JSON: the array does not end cleanly")
    return members


def decode_message(raw: bytes, *, max_depth: int | None = None) -> Message:
    """One message from one JSON object; `max_depth` bounds how deep it may nest."""
    if may_hold_nan(raw):
        _load(raw)
    try:
        # The validator's own method: what is around it costs a tenth as much again.
        message: Message = _validator().validate_json(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        message = _locked(raw) or _unknown(raw, _first_fault(error))
    except (RecursionError, OverflowError) as error:
        raise ProtocolError(ErrorCode.INVALID_MESSAGE, str(error)) from error
    else:
        metadata = message.metadata
        if metadata is not None and metadata.encrypted:
            message = _locked(raw) or message
    if max_depth is not None and is_deeper_than(raw, max_depth):
        said = f"nested deeper than {max_depth} levels"
        raise ProtocolError(ErrorCode.INVALID_MESSAGE, said, message_id=message.id)
    return message


def encode(message: Event | Control) -> bytes:
    """One message as JSON: what was set, under its wire name, unknown fields included."""
    try:
        # The union's serializer is there already; a model's own would have to be built.
        fields = _known().serializer.to_python(message, exclude_unset=True, warnings=False)
        return _dumps({"type": message.type} | fields)
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(ErrorCode.INVALID_MESSAGE, f"cannot be written: {error}") from error


def _dumps(fields: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(fields)
    except orjson.JSONEncodeError:  # a whole number beyond 64 bits, of which it has none
        return json.dumps(fields, separators=(",", ":"), allow_nan=False).encode()


def join(members: list[bytes]) -> bytes:
    """Encoded messages as one frame: a single one as it is, more as an array."""
    return members[0] if len(members) == 1 else b"[" + b",".join(members) + b"]"


def build_event(
    type_: str,
    data: Mapping[str, Any] | WireModel,
    *,
    id_: str,
    timestamp: float,
    source: str | None = None,
    correlation_id: str | None = None,
) -> AnyEvent:
    """A validated event from its parts; `timestamp` in Unix milliseconds.

    Raises ProtocolError naming the field that is wrong, that `type_` is no event type, or that
    `data` holds a number that JSON has not (NaN, Infinity).
    """
    if type_ not in EVENTS:
        raise ProtocolError(ErrorCode.UNKNOWN_TYPE, f"{type_} is no event type", field="type")
    metadata = {"version": "1.0", "source": source, "correlationId": correlation_id}
    envelope = {
        "id": id_,
        "type": type_,
        "timestamp": timestamp,
        "data": data.model_dump(exclude_unset=True) if isinstance(data, WireModel) else data,
        "metadata": {key: value for key, value in metadata.items() if value is not None},
    }
    try:
        raw = orjson.dumps(envelope)
    except orjson.JSONEncodeError as error:
        raise ProtocolError(ErrorCode.INVALID_MESSAGE, f"cannot be written: {error}") from error
    if b"null" in raw and _holds_nan(envelope):
        raise ProtocolError(
            ErrorCode.INVALID_MESSAGE, f"{type_}: NaN and Infinity are no JSON", field="data"
        )
    return cast("AnyEvent", decode_message(raw))


@cache
def _known() -> TypeAdapter[Any]:
    return TypeAdapter(Known)


def known_schema() -> CoreSchema:
    """What the models come down to. To write it down is nearly all that building them takes."""
    return _known().core_schema


@cache
def _validator() -> SchemaValidator:
    return cast("SchemaValidator", _known().validator)


@cache
def _batch_validator() -> SchemaValidator:
    return SchemaValidator(core_schema.list_schema(known_schema()))


def warm_up() -> None:
    """Build the models now, rather than at the first message."""
    with _building:  # several threads may want them at the start: one builds, the others wait
        _validator()
        _batch_validator()


def _is_batch(plain: bytes) -> bool:
    return plain.lstrip(b" \t\r\n").startswith(b"[")


def _slice(plain: bytes) -> list[bytes] | None:
    """An array cut at the commas between its members, whatever these are; None: no end."""
    members: list[bytes] = []
    depth = start = 0
    for token in _BRACKETS_AND_COMMAS.finditer(plain):
        mark = token[0]
        if mark == b"," and depth == 1:
            members.append(plain[start : token.start()])
            start = token.end()
        elif mark in b"{[":
            depth += 1
            start = token.end() if depth == 1 else start
        elif mark in b"]}":
            depth -= 1
            if depth == 0:
                members.append(plain[start : token.start()])
                return None if plain[token.end() :].strip() else members
    return None


def _decode_member(raw: bytes, index: int) -> Message | ProtocolError:
    try:
        return decode_message(raw)
    except ProtocolError as error:
        error.index = index
        return error


def may_hold_nan(raw: bytes) -> bool:
    """Whether the words are in it at all: pydantic's parser takes them, JSON (RFC 8259) doesn't."""
    # A single letter is found several times as fast, both are rare, and `in` takes longer: it
    # first tries to read what it looks for as a number.
    return (raw.find(b"N") >= 0 and raw.find(b"NaN") >= 0) or (
        raw.find(b"I") >= 0 and raw.find(b"Infinity") >= 0
    )


def _holds_nan(value: object) -> bool:
    """Whether orjson wrote `null` for a number: it does so for NaN and Infinity."""
    if isinstance(value, float):
        return not isfinite(value)
    if isinstance(value, Mapping):
        return any(_holds_nan(member) for member in value.values())
    return isinstance(value, list | tuple) and any(_holds_nan(member) for member in value)


def _load(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ProtocolError(ErrorCode.INVALID_MESSAGE, f"not JSON: {error}") from error


def _locked(raw: bytes) -> LockedEvent | None:
    """The event, if it is an opaque one."""
    if b'"encrypted"' not in raw:
        return None
    envelope = _load(raw)
    metadata = envelope.get("metadata") if isinstance(envelope, dict) else None
    if not isinstance(metadata, dict) or metadata.get("encrypted") is not True:
        return None
    type_ = envelope.get("type")
    if not isinstance(type_, str) or type_ not in EVENTS:
        return None
    try:
        return LockedEvent.model_validate_json(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _explain(_first_fault(error), raw) from None


def _unknown(raw: bytes, fault: ErrorDetails) -> UnknownMessage:
    """The message, if its type is all that is wrong with it; raises ProtocolError otherwise."""
    if fault["type"] != "union_tag_invalid":
        raise _explain(fault, raw)
    try:
        return UnknownMessage.model_validate_json(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _explain(_first_fault(error), raw) from None


def is_deeper_than(raw: bytes, most: int) -> bool:
    """Whether valid JSON nests deeper than `most` levels."""
    if raw.count(b"{") + raw.count(b"[") <= most:
        return False
    depth = 0
    for token in _BRACKETS.findall(raw):
        if token in b"{[":
            depth += 1
            if depth > most:
                return True
        elif token in b"]}":
            depth -= 1
    return False


def _first_fault(error: ValidationError) -> ErrorDetails:
    return error.errors(include_url=False, include_context=False, include_input=False)[0]


def _explain(fault: ErrorDetails, raw: bytes) -> ProtocolError:
    """A fault by the path a sender knows: `data.agentId: Field required`."""
    if fault["type"] == "json_invalid":
        return ProtocolError(ErrorCode.INVALID_MESSAGE, f"not JSON: {fault['msg']}")
    try:
        envelope = orjson.loads(raw)
    except orjson.JSONDecodeError:
        envelope = None
    envelope = envelope if isinstance(envelope, dict) else {}
    message_id, type_ = envelope.get("id"), envelope.get("type")
    metadata = envelope.get("metadata")
    offset = metadata.get("offset") if isinstance(metadata, dict) else None
    path = [str(part) for part in fault["loc"]]
    if path and path[0] in _TYPES:
        path = path[1:]
    field = ".".join(path)
    if fault["type"] == "union_tag_not_found":
        field = "type"
    return ProtocolError(
        ErrorCode.INVALID_MESSAGE,
        f"{field}: {fault['msg']}" if field else fault["msg"],
        field=field or None,
        message_id=message_id if _is_usable(message_id) else None,
        type_=type_ if isinstance(type_, str) and type_ in EVENTS else None,
        offset=offset if type(offset) is int and offset > 0 else None,
    )


def _is_usable(id_: object) -> TypeGuard[str]:
    return isinstance(id_, str) and 0 < len(id_) <= MAX_ID


def _too_large(limit: int) -> ProtocolError:
    return ProtocolError(ErrorCode.TOO_LARGE, f"larger than {limit} bytes")
