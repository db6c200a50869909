"""The servers that a person has named: where each is, what it is called, whence its token comes.

A token stands in the environment or in a file of its own, never in the configuration or in a flag,
where others would see it. It is read at each connection, so that one that is renewed is found.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tui.protocol.text import clean, presentable_url

FIELDS = ("name", "url", "token_file", "token_variable")


class Server(NamedTuple):
    url: str
    name: str
    token_file: Path | None = None
    token_variable: str | None = None

    def token(self) -> str | None:
        """Raises OSError, UnicodeDecodeError or LookupError, which say where it is missing."""
        if self.token_variable is not None:
            token = os.environ.get(self.token_variable, "").strip()
            if not token:
                raise LookupError(f"the environment variable {self.token_variable} is not set")
            return token
        if self.token_file is not None:
            return self.token_file.read_text("utf-8").strip()
        return None

    @property
    def has_token(self) -> bool:
        """Whether it is known whence its token comes."""
        return self.token_variable is not None or self.token_file is not None


def named_by(url: str) -> Server:
    """A server of which nothing but the address was said. Raises ValueError for what is none."""
    fault = address_fault(url)
    if fault:
        raise ValueError(fault)
    return Server(url, clean(urlsplit(url).netloc.rpartition("@")[2], 64))


def from_table(table: Mapping[str, Any], directory: Path) -> Server:
    """A `[[server]]` of a configuration file in `directory`. Raises ValueError with its faults."""
    faults = [f"{key}: unknown ({', '.join(FIELDS)})" for key in table if key not in FIELDS]
    faults += [
        f"{key}: must be text, in quotes"
        for key, value in table.items()
        if key in FIELDS and not (isinstance(value, str) and value)
    ]
    if "url" not in table:
        faults.append("url is missing")
    elif isinstance(table["url"], str) and (fault := address_fault(table["url"])):
        faults.append(fault)
    if isinstance(file := table.get("token_file"), str) and (
        fault := home_fault("token_file", file)
    ):
        faults.append(fault)
    if "token_file" in table and "token_variable" in table:
        faults.append("token_file and token_variable are two places for one token")
    if faults:
        raise ValueError("; ".join(faults))
    plain = named_by(table["url"])
    return Server(
        plain.url,
        clean(table["name"], 64) if "name" in table else plain.name,
        directory / Path(file).expanduser() if file else None,
        table.get("token_variable"),
    )


def home_fault(key: str, path: str) -> str | None:
    """What is wrong with a path that may begin with `~`."""
    try:
        Path(path).expanduser()
    except RuntimeError:
        return f"{key}: {path!r}: there is no such user"
    return None


def address_fault(url: str) -> str | None:
    """What is wrong with a WebSocket address, without its secrets."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if valid:
        return None
    return f"url: {presentable_url(url)!r} is no WebSocket address; say ws://host:port/ws"


def twins(servers: tuple[Server, ...]) -> str | None:
    """What is wrong with servers that cannot be told apart."""
    names = [server.name for server in servers]
    again = next((name for name in names if names.count(name) > 1), None)
    return f"two servers are called {again!r}; give each a name of its own" if again else None
