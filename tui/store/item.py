"""What the alerts pane lists: the newest word on one thing, whatever that is."""

from typing import TYPE_CHECKING, Any, ClassVar


class Item:
    """What only a reader needs is worked out when it is first read.

    Until then the event is kept, for in a stream most are outdone by the next before anybody looks.
    """

    __slots__ = (
        *("_event", "at", "count", "detail", "key"),
        *("level", "open", "since", "title", "worst"),
    )

    kind: ClassVar[str]
    """`alert` `notice` `deployment` `issue` `pr` `ci`."""
    key: str
    at: float
    level: str
    """`critical` `high` `medium` `low` `error` `warning` `success` `info`."""
    title: str
    detail: str
    count: int
    """How often it was said."""
    open: bool
    """Whether it still asks for something: an unresolved alert, a failed check."""
    since: float
    """When it became open, or was so no more; repeats leave it."""
    worst: str
    """The highest severity that it had while it was open; empty where such things have none."""

    def __init__(self, key: str, event: Any, known: "Item | None", *, is_open: bool) -> None:
        """`known` is what was known of the same thing before."""
        self._event = event
        self.key = key
        self.at = self.since = event.timestamp
        self.count = 1
        self.open = is_open
        self.worst = ""
        if known is not None and known.open == is_open:
            self.since = known.since

    def settle(self) -> None:
        """Work out what is still to be, and let the event go."""
        event, self._event = self._event, None
        if event is not None:
            self._read(event)

    def _read(self, event: Any) -> None:
        """Set all that was left for later."""
        raise NotImplementedError

    if not TYPE_CHECKING:  # it would take any name for a field

        def __getattr__(self, name: str) -> Any:
            if name == "_event" or self._event is None:  # a copy in the making has none
                raise AttributeError(name)
            self.settle()
            return getattr(self, name)
