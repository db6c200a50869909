"""How much of an event's text is kept: a hostile publisher must not fill the memory of a screen."""

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.protocol.models.base import WireModel

TITLE = 512
"""Names, titles, reasons (characters)."""
MESSAGE = 4_096
"""Log messages and descriptions (characters)."""
ADDRESS = 2_048
"""URLs (characters). A longer one is not kept at all: cut, it would be another."""


def cut(text: str | None, limit: int = TITLE) -> str:
    """`text`, or as much of it as is kept."""
    return "" if text is None else text[:limit]


def address(text: object) -> str:
    """`text` where it is one that may be a URL; empty otherwise."""
    return text if isinstance(text, str) and len(text) <= ADDRESS else ""


def more(model: "WireModel", name: str) -> object:
    """A field of the sender's own, which our models do not know; None where there is none."""
    extra = model.model_extra
    return extra.get(name) if extra else None


def text_of(value: object, limit: int = TITLE) -> str:
    """A field of the sender's own as text; empty where it is none."""
    return value[:limit] if isinstance(value, str) else ""


def number_of(value: object) -> float | None:
    """A field of the sender's own as a number; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None
