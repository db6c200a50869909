"""Which address a client really has, and what counts as one address. Pure functions."""

from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from tui.server.config import ServerError

Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address


def networks(written: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and CIDR ranges (`10.0.0.0/8`); raises ServerError naming the one that is none."""
    found = []
    for one in written:
        try:
            found.append(ip_network(one.strip(), strict=False))
        except ValueError as error:
            raise ServerError(
                f"--trusted-proxy {one!r} is neither an address nor a range such as 10.0.0.0/8"
            ) from error
    return tuple(found)


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    place = _parse(address)
    return place is not None and any(place in network for network in trusted)


def real_address(peer: str, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """The client's address: the peer's, or behind trusted proxies what they say of it.

    `forwarded` are the values of `X-Forwarded-For`, to which every proxy appends whom it was
    called by. What stands left of the rightmost untrusted address anyone may have made up.
    """
    address = peer
    hops = [hop for value in forwarded for hop in value.split(",")]
    while hops and is_trusted(address, trusted):
        place = _parse(hops.pop())
        if place is None:
            break
        address = str(place)
    return address


def is_loopback(address: str) -> bool:
    place = _parse(address)
    return place is not None and place.is_loopback


def one_household(address: str) -> str:
    """What limits count as one address: an IPv4 address, or the /64 that an IPv6 host has whole."""
    place = _parse(address)
    if isinstance(place, IPv6Address):
        return str(IPv6Network((place.packed[:8] + bytes(8), 64)))
    return address if place is None else str(place)


def _parse(text: str) -> _Address | None:
    """An address with or without a port, brackets and a zone; None where it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        place = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(place, IPv6Address) and place.ipv4_mapped is not None:
        return place.ipv4_mapped
    return place
