"""Filters on the command line: `resource:id:event`."""

from typing import TYPE_CHECKING

from tui.cli.failure import fail, warn

if TYPE_CHECKING:
    from tui.protocol.topics import Filter


def filter_of(text: str) -> "Filter":
    """What a person typed; where it is none, or can match nothing, the command has failed."""
    from tui.protocol.catalog import RESOURCES, TYPE_OF
    from tui.protocol.errors import ProtocolError
    from tui.protocol.topics import Filter

    try:
        found = Filter.parse(text)
    except ProtocolError as error:
        fail(f"{text!r} is no filter: {error}")
    if not found.pairs:
        there_are = f"resources are {', '.join(RESOURCES)}"
        if events := [name for resource, name in TYPE_OF if resource == found.resource]:
            there_are = f"events of {found.resource} are {', '.join(events)}"
        fail(f"{text!r} matches no event; a filter is resource:id:event, and {there_are}")
    if not found.events and (found.resource, found.id) in TYPE_OF:
        warn(
            f"{text!r} is all that {found.id!r} says; "
            f"for that event of everyone say '{found.resource}:*:{found.id}'"
        )
    return found
