"""Which server a command speaks with, and the client that does, with the token that is for it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from tui.cli.failure import fail

if TYPE_CHECKING:
    from tui.client import Client

wait_option = click.option(
    "--wait",
    type=click.FloatRange(0, 86_400),
    metavar="SECONDS",
    default=10,
    show_default=True,
    help="How long a server may take to answer.",
)


class Place(NamedTuple):
    name: str
    """The server as people, and logs, may see it."""
    client: "Client"
    """Yet to be started."""


def find_places(urls: Sequence[str] = (), source: str | None = None) -> list[Place]:
    """Those of `urls`; else the configured one, else the one that runs on this machine.

    `source` is the `metadata.source` of what is published. Where there is no server, or an address
    or a token is wrong, the command has failed.
    """
    from tui.config import ConfigError, load_settings
    from tui.protocol.text import presentable_url

    try:
        settings = [load_settings({"url": url}) for url in dict.fromkeys(urls) or (None,)]
        addresses = [_address(one.url) for one in settings]
    except ConfigError as error:
        fail(str(error))
    from tui.client import Client

    try:
        return [Place(presentable_url(u), Client(u, t, source=source)) for u, t in addresses]
    except ValueError as error:
        fail(str(error))


def _address(url: str | None) -> tuple[str, str | None]:
    """The URL and the token."""
    from tui.discovery import find_servers, load_token, token_for

    if url is not None:
        return url, token_for(url)
    found = find_servers()
    if not found:
        fail(
            "no server runs on this machine; start `autosdlc-tui` or `autosdlc-tui serve`, "
            "or name one with --url or AUTOSDLC_URL",
            1,
        )
    return found[0].url, load_token()
