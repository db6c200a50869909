"""What a dashboard remembers from one start to the next: filters, sorts, layout, what was put off.

One JSON file in the state directory, written whole or not at all. Of several dashboards each writes
what it has changed itself over what the others have written. It is a comfort, never a condition: a
file that cannot be read is kept under another name and a new one begun, and where it
cannot be written, the dashboard goes on without.
"""

import errno
import os
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

FILE = "dashboard.json"
MAX_BYTES = 1024 * 1024
PATIENCE = 2.0
"""Seconds that others may take for the file: one that was stopped meanwhile may take for ever."""


class Remembered:
    """Values by section and name; `save` writes what has changed."""

    def __init__(self, path: Path | None) -> None:
        """None: nothing is kept."""
        self._path = path
        self._sections: dict[str, dict[str, Any]] = {}
        self._saved = ""
        self.trouble = ""
        """What went wrong with the file, for a person to read; empty where nothing did."""
        if path is not None:
            self._load(path)

    def section(self, name: str) -> dict[str, Any]:
        """The values of one part of the screen, to read and to change."""
        return self._sections.setdefault(name, {})

    def changed(self) -> dict[str, Any] | None:
        """What there is to write, as it is now; None where nothing has changed."""
        if self._path is None or _text(self._sections) == self._saved:
            return None
        return deepcopy(self._sections)

    def write(self, changed: dict[str, Any] | None) -> None:
        """Write it, in any thread: others may have the file for a while.

        A fault is told in `trouble` and stops nothing: the next time, it is still to be written.
        """
        if self._path is None or changed is None:
            return
        from tui.lock import locked

        text = _text(changed)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self._path.parent, PATIENCE):
                fresh.write_text(_fitting(self._merged(self._path, changed)), "utf-8")
                fresh.replace(self._path)
            self._saved, self.trouble = text, ""
        except OSError as error:
            with suppress(OSError):
                fresh.unlink()
            self.trouble = f"{self._path} cannot be written: {error.strerror}"

    def save(self) -> None:
        """Write what has changed, at once."""
        self.write(self.changed())

    def _merged(self, path: Path, ours: dict[str, Any]) -> dict[str, Any]:
        """What is kept here, with what others have changed in the file meanwhile."""
        try:
            theirs = _sections(_read(path))
        except FileNotFoundError:
            return ours
        except (ValueError, RecursionError):
            _set_aside(path)
            return ours
        import json

        return _merge(json.loads(self._saved or "{}"), ours, theirs)

    def _load(self, path: Path) -> None:
        try:
            text = _read(path)
            self._sections = _sections(text)
        except FileNotFoundError:
            return
        except OSError as error:
            self.trouble = f"{path} cannot be read: {error.strerror}"
            self._path = None  # whatever is there is not ours to write over
        except (ValueError, RecursionError) as error:
            aside = _set_aside(path)
            self.trouble = f"{path} is not what it was ({error}); it is kept as {aside.name}"
        else:
            self._saved = text


def _merge(before: Any, ours: dict[str, Any], theirs: Any) -> dict[str, Any]:
    """`theirs` with what in `ours` is not as it was `before`, value by value."""
    before = before if isinstance(before, dict) else {}
    merged = dict(theirs) if isinstance(theirs, dict) else {}
    for name in before.keys() - ours.keys():
        merged.pop(name, None)
    for name, value in ours.items():
        if name in before and before[name] == value:
            continue
        nested = isinstance(value, dict)
        merged[name] = _merge(before.get(name), value, merged.get(name)) if nested else value
    return merged


def _set_aside(path: Path) -> Path:
    """Keep a file that cannot be read under another name."""
    aside = path.with_name(f"{path.name}.unreadable")
    with suppress(OSError):
        path.replace(aside)
    return aside


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1).decode()


def _fitting(sections: dict[str, Any]) -> str:
    """As text, without the oldest of what there is most of where it would not be read again."""
    while len(text := _text(sections)) > MAX_BYTES:
        each = (values for section in sections.values() for values in section.values())
        most: dict[str, float] = max(filter(_are_times, each), key=len, default={})
        if not most:
            raise OSError(errno.EFBIG, f"it would have more than {MAX_BYTES:,} bytes")
        for name in sorted(most, key=most.__getitem__)[: len(most) // 2 + 1]:
            del most[name]
    return text


def _are_times(values: object) -> bool:
    return isinstance(values, dict) and all(isinstance(v, int | float) for v in values.values())


def _text(sections: dict[str, Any]) -> str:
    import json

    kept = {name: values for name, values in sections.items() if values}
    return json.dumps(kept, indent=1, sort_keys=True)


def _sections(text: str) -> dict[str, dict[str, Any]]:
    if len(text) > MAX_BYTES:
        raise ValueError("too large")
    import json  # not at a first start, which has nothing to read before its first frame

    sections = json.loads(text)
    if not isinstance(sections, dict) or not all(isinstance(v, dict) for v in sections.values()):
        raise ValueError("not sections of values")
    return sections


def peek(path: Path) -> dict[str, dict[str, Any]]:
    """Values by section as a dashboard left them, without a change; none where none can be read."""
    try:
        return _sections(_read(path))
    except (OSError, ValueError, RecursionError):
        return {}
