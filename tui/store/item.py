"""What the alerts pane lists: the newest word on one thing, whatever that is."""

from dataclasses import dataclass


@dataclass(slots=True)
class Item:
    key: str
    kind: str
    """`alert` `notice` `deployment` `issue` `pr` `ci`."""
    at: float
    level: str
    """`critical` `high` `medium` `low` `error` `warning` `success` `info`."""
    title: str
    detail: str = ""
    count: int = 1
    """How often it was said."""
    open: bool = False
    """Whether it still asks for something: an unresolved alert, a failed check."""
    since: float = 0.0
    """When it became open, or was so no more; repeats leave it."""

    def after(self, known: "Item | None") -> None:
        """Take over what was known of the same thing before."""
        same = known is not None and known.open == self.open
        self.since = known.since if known is not None and same else self.at
