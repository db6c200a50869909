"""What an event type's data may hold, as the models' own schema says it; for messages to people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from tui.protocol.models import AnyEvent
from tui.protocol.schemas import REFERENCE, schemas

Path = tuple[str, ...]
"""Names of fields, from `data` on."""


class Odd(NamedTuple):
    """Something that is valid, and yet perhaps not what was meant."""

    path: Path
    value: str | None
    """A value that is none of those we know; None where the field itself is unknown."""


class Form:
    def __init__(self, type_: str) -> None:
        """Raises KeyError where no event is of that type."""
        models = {model.model_fields["type"].default: model for model in get_args(AnyEvent)}
        self._schemas = schemas([models[type_]])
        self._data = self._resolve(self._schemas[models[type_].__name__]["properties"]["data"])

    def requires(self, name: str) -> bool:
        return name in self._data.get("required", ())

    def names(self, path: Path = ()) -> str:
        """The fields of an object, as a list for people; those that may be left out with a `?`."""
        schema = self._at(path)
        required = schema.get("required", ())
        return ", ".join(
            name if name in required else f"{name}?" for name in schema.get("properties", ())
        )

    def values(self, path: Path) -> str:
        """The values that we know of a field, as a list for people."""
        return ", ".join(_known_values(self._at(path)))

    def odd(self, data: Mapping[str, Any], path: Path = ()) -> Iterator[Odd]:
        """What of an event's `data` nobody knows: a typing error, or a sender's own."""
        schema = self._at(path)
        properties = schema.get("properties")
        if not properties:
            return
        names = {*properties}.union(*(one.get("x-also-read-as", ()) for one in properties.values()))
        for name, value in data.items():
            at = (*path, name)
            if name not in names:
                yield Odd(at, None)
            elif isinstance(value, Mapping):
                yield from self.odd(value, at)
            elif isinstance(value, str) and not self._knows(at, value):
                yield Odd(at, value)

    def _knows(self, path: Path, value: str) -> bool:
        known = _known_values(self._at(path))
        return not known or value in known

    def _at(self, path: Path) -> Mapping[str, Any]:
        """The schema of a field; nothing where there is none."""
        schema = self._data
        for name in path:
            members = schema.get("properties", {})
            inner = schema.get("items", {}) if name.isdecimal() else members.get(name, {})
            schema = self._resolve(inner)
        return schema

    def _resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where it says that it may be null, what it is otherwise."""
        choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        if len(choices) == 1:
            schema = choices[0]
        reference: str = schema.get("$ref", "")
        return self._schemas[reference.removeprefix(REFERENCE)] if reference else schema


def _known_values(schema: Mapping[str, Any]) -> Sequence[str]:
    known: Sequence[str] = schema.get("x-known-values", ())
    return known
