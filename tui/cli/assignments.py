"""An event's data from the command line: `agentId=coder-1 currentTask.progress=40`.

A dot in a key leads into an object. A value is JSON where it is JSON, and text otherwise, or where
the field is one for text. What cannot become an event is a ValueError in one line, which names the
fields and values there are.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from tui.cli.form import Form, Path
from tui.protocol.catalog import EVENTS
from tui.protocol.codec import build_event
from tui.protocol.errors import ProtocolError
from tui.protocol.text import clean

Data = dict[str, Any]


def event_data(type_: str, assignments: Sequence[str], now: float) -> Data:
    """The data of a valid event; a `timestamp` that it must have is `now` (Unix milliseconds)."""
    form = _form(type_)
    written: dict[str, str] = {}
    for one in assignments:
        key, equals, value = one.partition("=")
        if not equals or not all(key.split(".")):
            raise ValueError(f"{clean(one, 80)!r} is no key=value")
        if key in written:
            raise ValueError(f"{clean(key, 80)} is given twice; a list is written as {key}=[…]")
        written[key] = value
    if form.requires("timestamp"):
        written.setdefault("timestamp", str(int(now)))
    texts: set[str] = set()
    while True:
        data = _nested({k: v if k in texts else _value(v) for k, v in written.items()})
        try:
            build_event(type_, data, id_="evt", timestamp=now)
        except ProtocolError as error:
            path = tuple((error.field or "").split("."))[1:]
            key = ".".join(path)
            if key not in written or key in texts or not error.message.endswith("valid string"):
                raise ValueError(f"{type_}: {_explain(error, path, form)}") from None
            texts.add(key)
        else:
            beyond = [k for k, v in written.items() if k not in texts and _is_beyond_64_bits(v)]
            if beyond:
                raise ValueError(
                    f"{type_}: {clean(beyond[0], 80)}: a whole number beyond 64 bits cannot be "
                    "sent; write it as text, in quotes that are part of it"
                )
            return data


def oddities(type_: str, data: Data) -> Iterator[str]:
    """What of a valid event's data may be a typing error, a line each."""
    form = _form(type_)
    event = build_event(type_, data, id_="evt", timestamp=0)
    for path, value in form.odd(event.data.model_dump(exclude_unset=True)):
        name = clean(".".join(path), 200)
        if value is None:
            where = ".".join(path[:-1]) or type_
            yield f"{name} is no field that we know; {where} has {form.names(path[:-1])}"
        else:
            yield f"{name}: {clean(value, 80)!r} is none of {form.values(path)}"


def _form(type_: str) -> Form:
    if type_ not in EVENTS:
        there_are = ", ".join(EVENTS)
        raise ValueError(f"{clean(type_, 80)!r} is no event type; there are {there_are}")
    return Form(type_)


def _value(written: str) -> Any:
    try:
        return orjson.loads(written)
    except orjson.JSONDecodeError:
        return written


def _is_beyond_64_bits(written: str) -> bool:
    """Whether it is, or has in it, a whole number that was read as a fraction."""
    try:
        orjson.dumps(json.loads(written))
    except orjson.JSONEncodeError:
        return True
    except (ValueError, RecursionError):  # it is text
        return False
    return False


def _nested(values: Mapping[str, Any]) -> Data:
    data: Data = {}
    for key, value in values.items():
        *parents, name = key.split(".")
        inner: Any = data
        for parent in parents:
            inner = inner.setdefault(parent, {}) if isinstance(inner, dict) else inner
        if not isinstance(inner, dict) or name in inner:
            raise ValueError(f"{clean(key, 80)}: what is around it has another value already")
        inner[name] = value
    return data


def _explain(error: ProtocolError, path: Path, form: Form) -> str:
    said = clean(error.message.removeprefix("data."), 200)
    if values := form.values(path):
        said += f" ({values})"
    if names := form.names(path[:-1]):
        said += f"; {'.'.join(path[:-1]) or 'it'} has {names}"
    return said
