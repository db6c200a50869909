"""What a person types to see only some rows: text, a regular expression, or all but these.

`retry` is text, whatever its case; `/ret(ry|ries)/` a regular expression (case ignored unless it
holds a capital); a `!` before either turns it round. A part that is not a whole expression yet, as
while it is typed, is a fault and matches nothing.
"""

import re
from collections.abc import Callable
from typing import NamedTuple


def _everything(_: str) -> bool:
    return True


def _nothing(_: str) -> bool:
    return False


class Query(NamedTuple):
    """Equal where it was typed alike, and has the same fault."""

    text: str = ""
    """As it was typed."""
    matches: Callable[[str], bool] = _everything
    fault: str = ""
    """What is wrong with the expression."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and (self.text, self.fault) == (other.text, other.fault)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.text, self.fault))

    @classmethod
    def parse(cls, text: str) -> "Query":
        text = text.strip()
        body = _body(text)
        if not body:
            return cls(text)
        finds, fault = _finder(body)
        if fault:
            return cls(text, _nothing, fault)
        if text.startswith("!"):
            return cls(text, lambda line: not finds(line))
        return cls(text, finds)

    def given_up(self) -> "Query":
        """The same as a fault: it took too long."""
        return Query(self.text, _nothing, "takes too long (a + or * within another often does)")

    @property
    def is_expression(self) -> bool:
        """Whether it is a regular one, which may take for ever for one line."""
        return _body(self.text)[:1] == "/" and self.matches is not _nothing

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return self.matches is not _everything


def _body(text: str) -> str:
    return text.removeprefix("!").strip()


def _finder(body: str) -> tuple[Callable[[str], bool], str]:
    if len(body) > 1 and body.startswith("/"):
        pattern = body[1:].removesuffix("/")
        try:
            search = re.compile(pattern).search
        except (re.error, OverflowError, RecursionError) as error:
            return _nothing, str(error)
        if (letters := re.sub(r"\\.", "", pattern)) == letters.lower():  # \S is no capital
            # Not by re.IGNORECASE, which takes twice as long.
            return lambda line: search(line.lower()) is not None, ""
        return lambda line: search(line) is not None, ""
    wanted = body.casefold()
    return lambda line: wanted in line.casefold(), ""
