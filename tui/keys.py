"""A person's own keys, read as they are written and checked against the bindings that there are."""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, _character_to_key

from tui.config import ConfigError

_NAMES = frozenset({*(key.value for key in Keys), *KEY_NAME_REPLACEMENTS.values()})
_MODIFIERS = frozenset({"ctrl", "shift", "alt", "super", "meta", "hyper"})
_SHORT = {
    "esc": "escape",
    "return": "enter",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "del": "delete",
    "ins": "insert",
}
"""What is printed on keys, where Textual has another name."""
_KEY = re.compile(r"\s*(?P<modifiers>(?:\w+\+)*)(?P<key>\w+|\S)\s*(?:,(?=.)|$)")
"""One of a list with commas between them; it may be the comma itself."""
_ALLOWED = (
    "a key is a character (x, X, !, ?), or a name such as space, enter, up, pageup, f5, ctrl+x; "
    "several have commas between them"
)


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


def keymap(
    written: Mapping[str, str], places: Mapping[str, Mapping[str, str]], source: str
) -> dict[str, str]:
    """The keys by binding id in Textual's names, of those that a person wrote in `source`.

    `places` are the bindings that hold at the same time, without those of `written`: keys by id.
    What shares a key there by default (`q` leaves a screen before it quits) may go on to.

    Raises ConfigError with every binding that there is not, and every key that is none or taken.
    """
    known = sorted({id_ for bound in places.values() for id_ in bound})
    unknown = [f"{id_}: no such binding" for id_ in written if id_ not in known]
    keys, wrong = {}, []
    for id_, text in written.items():
        try:
            keys[id_] = _named(text)
        except (ValueError, KeyError):
            wrong.append(f"{id_}: {text!r} is no key")
    taken = _taken(keys, places)
    if faults := [*unknown, *taken, *wrong]:
        allowed = [_ALLOWED] if wrong else []
        allowed += [f"bindings: {', '.join(known)}"] if unknown else []
        raise ConfigError(": ".join([source, "[keys]", "; ".join([*faults, *allowed])]))
    return keys


def _taken(keys: Mapping[str, str], places: Mapping[str, Mapping[str, str]]) -> list[str]:
    taken = []
    for bound in places.values():
        usual = dict(_sharing(bound))
        for (id_, other), key in _sharing({id_: keys.get(id_, key) for id_, key in bound.items()}):
            if id_ in keys and (id_, other) not in usual:
                taken.append(f"{id_}: {key!r} is the key of {other} too")
    return list(dict.fromkeys(taken))


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


def _named(written: str) -> str:
    """A list of keys in Textual's names. Raises ValueError or KeyError where one is none."""
    if written == " ":
        return "space"
    keys: list[str] = []
    at = 0
    while not keys or at < len(written):
        match = _KEY.match(written, at)
        if match is None:
            raise ValueError(written)
        keys.append(_name(match["modifiers"].casefold().split("+")[:-1], match["key"]))
        at = match.end()
    return ",".join(keys)


def _name(modifiers: list[str], key: str) -> str:
    if not _MODIFIERS.issuperset(modifiers):
        raise ValueError(modifiers)
    if len(key) > 1:
        key = _SHORT.get(key.casefold(), key.casefold())
        if key not in _NAMES:
            # A character by its Unicode name, in Textual's way (`question_mark`).
            key = _character_to_key(unicodedata.lookup(key.replace("_", " ")))
    elif modifiers == ["shift"] and key.isalpha():
        return key.upper()  # that is what a terminal sends
    else:
        key = _character_to_key(key.casefold() if modifiers else key)
    return "+".join([*modifiers, key])
