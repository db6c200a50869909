"""A person's own keys, checked against the bindings that there are."""

from collections.abc import Iterator, Mapping

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys

from tui.config import ConfigError

_NAMED = frozenset(key.value for key in Keys)
_MODIFIERS = frozenset({"ctrl", "shift", "alt", "super", "meta", "hyper"})


def bindings_of(*classes: type[DOMNode]) -> Iterator[Binding]:
    """Those with an id, of the classes and what they inherit from."""
    for class_ in classes:
        for base in class_.__mro__:
            for binding in vars(base).get("BINDINGS", ()):
                if isinstance(binding, Binding) and binding.id:
                    yield binding


def bound_keys(*classes: type[DOMNode]) -> dict[str, str]:
    """The keys that each binding has unless a person gives it others, by its id."""
    return {binding.id: binding.key for binding in bindings_of(*classes) if binding.id}


def check_keys(keys: Mapping[str, str], places: Mapping[str, Mapping[str, str]]) -> None:
    """Raise ConfigError with every binding that there is not, and every key that is none or taken.

    `places` are the bindings that hold at the same time, without those of `keys`: keys by id. What
    shares a key there by default (`q` leaves a screen before it quits) may go on to.
    """
    known = sorted({id_ for bound in places.values() for id_ in bound})
    faults = [f"{id_}: no such binding" for id_ in keys if id_ not in known]
    for bound in places.values():
        usual = _sharing(bound)
        for (id_, other), key in _sharing({id_: keys.get(id_, key) for id_, key in bound.items()}):
            taken = f"{id_}: {key!r} is the key of {other} too"
            if id_ in keys and taken not in faults and (id_, other) not in dict(usual):
                faults.append(taken)
    faults += [
        f"{id_}: {key!r} is no key"
        for id_, written in keys.items()
        for key in written.split(",")
        if not _is_key(key.strip())
    ]
    if faults:
        raise ConfigError(f"[keys]: {'; '.join(faults)} (bindings: {', '.join(known)})")


def _sharing(bound: Mapping[str, str]) -> list[tuple[tuple[str, str], str]]:
    """Each two bindings that share a key, either way round, and the key."""
    owners: dict[str, list[str]] = {}
    for id_, written in bound.items():
        for key in written.split(","):
            owners.setdefault(key.strip(), []).append(id_)
    return [
        ((id_, other), key)
        for key, ids in owners.items()
        for id_ in ids
        for other in ids
        if other != id_
    ]


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    if not _MODIFIERS.issuperset(modifiers):
        return False
    # A character, as it is typed or by its Unicode name in Textual's way (`question_mark`).
    return len(last) == 1 or key in _NAMED or last in _NAMED or _is_character_name(last)


def _is_character_name(name: str) -> bool:
    import unicodedata

    try:
        unicodedata.lookup(name.replace("_", " ").upper())
    except KeyError:
        return False
    return True
