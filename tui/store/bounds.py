"""How much of an event's text is kept: a hostile publisher must not fill the memory of a screen."""

TITLE = 512
"""Names, titles, reasons (characters)."""
MESSAGE = 4_096
"""Log messages and descriptions (characters)."""


def cut(text: str | None, limit: int = TITLE) -> str:
    """`text`, or as much of it as is kept."""
    return "" if text is None else text[:limit]
