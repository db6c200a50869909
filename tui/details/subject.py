"""What a person can ask all about."""

from typing import Literal, NamedTuple


class Subject(NamedTuple):
    kind: Literal["agent", "cycle", "workflow", "item", "line"]
    key: str
    """By which the store finds it: an agent's id, a workflow's, an item's key, a line's number."""
    part: str = ""
    """What of it, where it has parts: a step's id."""
