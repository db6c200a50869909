"""Finding the servers of this machine, and the token they share: nothing to configure locally.

Each running server keeps one JSON file in the user's runtime directory, named after its process
and port. The token lives in the state directory, so that what was set up with it survives
restarts. Only the standard library is imported here, since the pytest plugin starts with this.
"""

import json
import os
import secrets
import socket
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

APP = "autosdlc-tui"
TOKEN_VARIABLE = "AUTOSDLC_TOKEN"  # noqa: S105 - the variable's name, no secret
_KINDS = ("serve", "embedded", "demo")
_ANSWERS_WITHIN = 0.2
"""Seconds; a server of this machine takes a connection at once."""


class ServerRecord(NamedTuple):
    """What a running server says about itself; `started` in Unix seconds."""

    url: str
    """`ws://127.0.0.1:8765/ws`"""
    http_url: str | None
    """`http://127.0.0.1:8766`; None where HTTP is off."""
    pid: int
    kind: str
    """`serve`, `embedded` (in a dashboard) or `demo`."""
    started: float


def announce(record: ServerRecord) -> Path:
    """Write the server's file, whole or not at all, and return where; raises OSError."""
    name = f"server-{record.pid}-{urlsplit(record.url).port}.json"
    content = json.dumps(record._asdict()).encode()
    try:
        return _write(_runtime_directory(), name, content)
    except OSError:
        return _write(_state_directory(), name, content)


def withdraw(path: Path) -> None:
    """Remove what `announce` wrote, if it is still there."""
    with suppress(OSError):
        path.unlink()


def find_servers(*, demo: bool = False) -> list[ServerRecord]:
    """The servers that are running: `serve` before `embedded`, then the newest first.

    The files of those that are gone are removed on the way; what another version may have written
    is left alone. Demo servers are left out unless `demo`: nobody wants to publish real events
    into a story.
    """
    found = []
    for directory in {_runtime_directory(), _state_directory()}:
        if not _private(directory):
            continue
        for path in directory.glob("server-*.json"):
            record = _read(path)
            if record is None:
                continue
            if not _alive(record.pid) or _refuses(record.url):
                withdraw(path)
            elif demo or record.kind != "demo":
                found.append(record)
    return sorted(found, key=lambda record: (_KINDS.index(record.kind), -record.started))


def load_token() -> str | None:
    """The token of `AUTOSDLC_TOKEN`, else of the state directory, else None."""
    if token := os.environ.get(TOKEN_VARIABLE, "").strip():
        return token
    try:
        return token_file().read_text("utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def token_for(url: str) -> str | None:
    """The token to show the server at `url`; the state directory's only where it is this machine's.

    That is one that announced itself, under any name of this machine's loopback and with any path.
    For all others there is `AUTOSDLC_TOKEN` or None.
    """
    if token := os.environ.get(TOKEN_VARIABLE, "").strip():
        return token
    announced = {_place(record.url) for record in find_servers(demo=True)}
    return load_token() if _place(url) in announced else None


def _place(url: str) -> tuple[str, int | None]:
    """Host and port, the names of this machine's loopback being one host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", None
    return "loopback" if host in ("localhost", "127.0.0.1", "::1") else host, port


def token_file() -> Path:
    """Where this machine's own token is kept."""
    return _state_directory() / "token"


def load_or_create_token() -> str:
    """The same token, generated at the first call on this machine; raises OSError.

    Of several processes that come here at once, all get the one token that was first.
    """
    if token := load_token():
        return token
    directory = _state_directory()
    fresh = _write(directory, f"token.{secrets.token_hex(8)}", secrets.token_urlsafe(32).encode())
    try:
        # A link, unlike a rename, fails where the name is taken, and is never seen half-written.
        (directory / "token").hardlink_to(fresh)
    except FileExistsError:
        if load_token() is None:  # an empty or broken file is of no use to anyone
            fresh.replace(directory / "token")
    finally:
        withdraw(fresh)
    token = load_token()
    if token is None:
        raise OSError(f"the token in {directory / 'token'} cannot be read")
    return token


def _runtime_directory() -> Path:
    from platformdirs import user_runtime_path

    with warnings.catch_warnings():
        # It warns where it falls back to another place, which is as good to us.
        warnings.simplefilter("ignore")
        try:
            return user_runtime_path(APP, appauthor=False)
        except OSError:
            return _state_directory()


def _state_directory() -> Path:
    from platformdirs import user_state_path

    return user_state_path(APP, appauthor=False)


def _private(directory: Path) -> bool:
    """Whether the directory is the user's alone: whoever can write there is sent the token."""
    try:
        status = directory.stat()
    except OSError:
        return False
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _write(directory: Path, name: str, content: bytes) -> Path:
    """A file of mode 0600, whole or not at all."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _private(directory):
        raise PermissionError(f"{directory} can be written by others; `chmod 700` makes it yours")
    handle, draft = tempfile.mkstemp(dir=directory, prefix=".")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return Path(draft).replace(directory / name)


def _read(path: Path) -> ServerRecord | None:
    """The record of one file; None where it is none that we know."""
    try:
        fields = json.loads(path.read_bytes())
        record = ServerRecord(
            url=str(fields["url"]),
            http_url=fields.get("http_url"),
            pid=int(fields["pid"]),
            kind=str(fields["kind"]),
            started=float(fields["started"]),
        )
        address = urlsplit(record.url)
        usable = record.kind in _KINDS and record.pid > 0 and address.hostname and address.port
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    except (OverflowError, RecursionError):  # numbers and nesting that JSON allows
        return None
    return record if usable else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _refuses(url: str) -> bool:
    """Whether nothing listens there: the process is another one that got the same number."""
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname, address.port), _ANSWERS_WITHIN).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False
