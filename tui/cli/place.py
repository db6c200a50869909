"""Which server a command speaks with, and the client that does, with the token that is for it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from tui.cli.failure import fail

if TYPE_CHECKING:
    from tui.client import Client

wait_option = click.option(
    "--wait",
    type=click.FloatRange(0, 86_400, min_open=True),
    metavar="SECONDS",
    default=10,
    show_default=True,
    help="How long a server may take to answer.",
)


class Place(NamedTuple):
    name: str
    """The server as people, and logs, may see it."""
    url: str
    """Its address, as they may see it."""
    client: "Client"
    """Yet to be started."""


def find_places(urls: Sequence[str] = (), source: str | None = None) -> list[Place]:
    """Those of `urls`; else the configured ones, else the one that runs on this machine.

    `source` is the `metadata.source` of what is published. Where there is no server, or an address
    or a token is wrong, the command has failed.
    """
    from tui.config import ConfigError, load_settings

    try:
        servers = load_settings({"urls": tuple(dict.fromkeys(urls))}).servers
    except ConfigError as error:
        fail(str(error))
    from tui.client import Client
    from tui.discovery import token_for
    from tui.protocol.text import presentable_url

    try:
        if not servers:
            return [_found_here(source)]
        return [
            Place(
                one.name,
                presentable_url(one.url),
                Client(one.url, one.token if one.has_token else token_for(one.url), source=source),
            )
            for one in servers
        ]
    except ValueError as error:
        fail(str(error))


def find_place(url: str | None, source: str) -> Place:
    """The same, for a command that speaks with one: where there are several, it has failed."""
    places = find_places((url,) if url else (), source)
    if len(places) > 1:
        there_are = ", ".join(place.url for place in places)
        fail(f"several servers are configured; name one with --url: {there_are}")
    return places[0]


def _found_here(source: str | None) -> Place:
    from tui.client import Client
    from tui.discovery import find_servers, load_token
    from tui.protocol.text import presentable_url

    found = find_servers()
    if not found:
        fail(
            "no server runs on this machine; start `autosdlc-tui` or `autosdlc-tui serve`, "
            "or name one with --url or AUTOSDLC_URL",
            1,
        )
    url = found[0].url
    shown = presentable_url(url)
    return Place(shown, shown, Client(url, load_token(), source=source))
