"""The file of API keys, which holds only their hashes.

    [keys.ci]
    id = "5f0c2a91d3e8"
    sha256 = "…"                        # of the whole key
    allow = ["subscribe:agent", "publish:agent:coder-1"]
    rates = { agent_log = "5000/min" }
    created = 2026-01-31T12:00:00Z
    expires = 2026-05-01T12:00:00Z

The last three may be left out. A date that names no zone is UTC's.
"""

import fcntl
import json
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tui.server.auth.access import Access
from tui.server.auth.files import read_guarded
from tui.server.config import ServerError
from tui.server.limits.figures import figures, show

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_ID = re.compile(r"[0-9a-f]{12}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FIELDS = ("id", "sha256", "allow", "rates", "created", "expires")
_HEAD = (
    "# The API keys of an autosdlc-tui server, as hashes.\n"
    "# `autosdlc-tui keys` writes this file anew: comments do not last.\n"
)


class KeyFileError(ServerError):
    """The file cannot be used; the text names the file, the key and the field."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What is kept of a key. Raises ValueError with all that is wrong with it."""

    name: str
    id: str
    sha256: str
    allow: tuple[str, ...]
    rates: Mapping[str, float] = field(default_factory=dict)
    created: datetime | None = None
    expires: datetime | None = None
    access: Access = field(init=False)

    def __post_init__(self) -> None:
        faults = [
            f"{name}: {said}"
            for name, good, said in (
                ("name", NAME.fullmatch(self.name), "1 to 64 of A-Z a-z 0-9 . _ @ + -"),
                ("id", _ID.fullmatch(self.id), "must be 12 hexadecimal digits"),
                ("sha256", _SHA256.fullmatch(self.sha256), "must be 64 hexadecimal digits"),
                ("allow", self.allow, "allows nothing; name permissions, or a role"),
            )
            if not good
        ]
        try:
            access = Access.of(
                self.allow,
                name=self.name,
                expires=self.expires.timestamp() if self.expires else None,
                rates=self.rates or None,
                key_id=self.id,
            )
        except ValueError as error:
            faults.append(f"allow: {error}")
        if faults:
            raise ValueError("; ".join(faults))
        object.__setattr__(self, "access", access)


def read(path: Path) -> dict[str, StoredKey]:
    """The keys of a file by their ids; raises KeyFileError, FileNotFoundError where there is none.

    One that others may write is refused: they could let themselves in.
    """
    try:
        content = tomllib.loads(read_guarded(path)[0].decode("utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise KeyFileError(f"{path}: not TOML: {error}") from error
    faults = [f"{name}: unknown (known: tables [keys.NAME])" for name in content if name != "keys"]
    found: dict[str, StoredKey] = {}
    tables = content.get("keys", {})
    if not isinstance(tables, dict):
        raise KeyFileError(f"{path}: keys: must be tables, [keys.NAME]")
    for name, table in tables.items():
        try:
            key = _stored(name, table)
        except ValueError as error:
            faults.append(f"[keys.{name}] {error}")
        else:
            if key.id in found:
                faults.append(f"[keys.{name}] id: is that of [keys.{found[key.id].name}], too")
            found[key.id] = key
    if faults:
        raise KeyFileError(f"{path}: " + "; ".join(faults))
    return found


@contextmanager
def edited(path: Path) -> Iterator[dict[str, StoredKey]]:
    """The keys by name, to be changed; what the block leaves is written, whole or not at all.

    Others who edit the file wait so long. Raises KeyFileError; nothing is written where the block
    raises.
    """
    try:
        path = path.resolve()  # a link stays one
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory = os.open(path.parent, os.O_RDONLY)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        raise KeyFileError(f"{path}: cannot be written: {error}") from error
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        try:
            keys = {key.name: key for key in read(path).values()}
        except FileNotFoundError:
            keys = {}
        yield keys
        _write(path, _HEAD + "".join(_toml(key) for key in keys.values()))
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written: {error}") from error
    finally:
        os.close(directory)


def _stored(name: str, table: Any) -> StoredKey:
    if not isinstance(table, dict):
        raise ValueError("must be a table")  # noqa: TRY004 - one error for all that is wrong
    faults = [f"{f}: unknown (known: {', '.join(_FIELDS)})" for f in table if f not in _FIELDS]
    faults += [
        f"{f}: must be text, in quotes"
        for f in ("id", "sha256")
        if not isinstance(table.get(f), str)
    ]
    allow = table.get("allow")
    if not (isinstance(allow, list) and all(isinstance(one, str) for one in allow)):
        faults.append("allow: must be a list of permissions and roles, in quotes")
    faults += [
        f"{f}: must be a date with a time, as 2026-01-31T12:00:00Z"
        for f in ("created", "expires")
        if f in table and not isinstance(table[f], datetime)
    ]
    try:
        rates = figures(table.get("rates", {}))
    except ValueError as error:
        faults.append(f"rates: {error}")
    if faults:
        raise ValueError("; ".join(faults))
    return StoredKey(
        name,
        table["id"],
        table["sha256"],
        tuple(table["allow"]),
        rates,
        _moment(table.get("created")),
        _moment(table.get("expires")),
    )


def _moment(written: datetime | None) -> datetime | None:
    if written is None or written.tzinfo is None:
        return written and written.replace(tzinfo=UTC)
    try:
        return written.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{written}: is beyond all calendars") from error


def _toml(key: StoredKey) -> str:
    # What is printable is written by JSON as TOML reads it; the checks let nothing else in.
    fields = {
        "id": json.dumps(key.id),
        "sha256": json.dumps(key.sha256),
        "allow": json.dumps(list(key.allow), ensure_ascii=False),
    }
    if key.rates:
        rates = ", ".join(f'"{type_}" = "{show(rate)}"' for type_, rate in key.rates.items())
        fields["rates"] = f"{{ {rates} }}"
    for name, moment in (("created", key.created), ("expires", key.expires)):
        if moment:
            fields[name] = moment.isoformat(timespec="seconds")
    lines = "".join(f"{name} = {value}\n" for name, value in fields.items())
    return f'\n[keys."{key.name}"]\n{lines}'


def _write(path: Path, content: str) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".keys-")  # which has mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
