"""What follows from a server's address: whether it is on this machine, and what to ask it for."""

import ipaddress
from urllib.parse import parse_qsl, urlsplit

_COMPRESSION = "compression"


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def with_compression(url: str) -> str:
    """The address that asks for gzip, where bytes cost more than CPU: not on this machine.

    A `compression` that is in the address already stands.
    """
    parts = urlsplit(url)
    if is_loopback(url) or _COMPRESSION in dict(parse_qsl(parts.query, keep_blank_values=True)):
        return url
    asked = f"{_COMPRESSION}=gzip"
    query = f"{parts.query}&{asked}" if parts.query else asked
    return parts._replace(query=query).geturl()
