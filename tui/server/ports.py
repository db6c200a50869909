"""Ports to listen on, and what to say where there is none."""

import errno
import socket
from typing import Any

from tui.server.config import ServerError


def bind(host: str, port: int, option: str) -> socket.socket:
    """A listening socket; `option` names the flag that chooses the port. Raises ServerError."""
    if not 0 <= port <= 65535:
        raise ServerError(f"{port} is no port; choose one from 1 to 65535 with {option}, or 0")
    family, address = _resolve(host, port)
    # Named as TCP, since asyncio turns off Nagle's delay (40 ms) only where it sees that.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(1024)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ServerError(_explain(error, host, port, option)) from error
    return listening


def url(scheme: str, listening: socket.socket, path: str = "") -> str:
    """Where this machine reaches a listening socket."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{scheme}://[{host}]:{port}{path}" if ":" in host else f"{scheme}://{host}:{port}{path}"


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ServerError(
            f"{host!r} is no address that can be looked up; choose another with --host"
        ) from error
    # `localhost` may mean both; a single socket keeps port 0 to a single port.
    family, _, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    return family, address


def _explain(error: OSError, host: str, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use by another program; "
            f"choose one with {option}, or 0 for any free one"
        )
    if error.errno == errno.EACCES:
        return (
            f"port {port} on {host} may not be opened by this user; "
            f"choose one above 1023 with {option}, or 0 for any free one"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; choose one with --host, such as 127.0.0.1"
    return f"port {port} on {host} cannot be opened: {error.strerror or error}"
