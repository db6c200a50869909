"""A person's own keys, checked against the bindings that there are."""

from collections.abc import Iterable, Mapping

from textual.binding import Binding, BindingType
from textual.keys import Keys

from tui.config import ConfigError

_NAMED = frozenset(key.value for key in Keys)
_MODIFIERS = frozenset({"ctrl", "shift", "alt", "super", "meta", "hyper"})


def bound_keys(bindings: Iterable[BindingType]) -> dict[str, str]:
    """The keys that each binding has unless a person gives it others, by its id."""
    return {
        binding.id: binding.key
        for binding in bindings
        if isinstance(binding, Binding) and binding.id
    }


def check_keys(keys: Mapping[str, str], bound: Mapping[str, str]) -> None:
    """Raise ConfigError with every binding that there is not, and every key that is none or taken.

    `bound` are the keys without those of `keys`, by binding id.
    """
    faults = [f"{id_}: no such binding" for id_ in keys if id_ not in bound]
    owners: dict[str, str] = {}
    for id_, written in {**bound, **keys}.items():
        for key in written.split(","):
            owner = owners.setdefault(key.strip(), id_)
            if owner != id_ and not {owner, id_}.isdisjoint(keys):
                faults.append(f"{id_}: {key!r} is the key of {owner} too")
    faults += [
        f"{id_}: {key!r} is no key"
        for id_, written in keys.items()
        for key in written.split(",")
        if not _is_key(key.strip())
    ]
    if faults:
        known = ", ".join(sorted(bound))
        raise ConfigError(f"[keys]: {'; '.join(faults)} (bindings: {known})")


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
