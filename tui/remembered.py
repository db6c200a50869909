"""What a dashboard remembers from one start to the next: filters, sorts, layout, what was put off.

One JSON file in the state directory, written whole or not at all. It is a comfort, never a
condition: a file that cannot be read is kept under another name and a new one begun, and where it
cannot be written, the dashboard goes on without.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

FILE = "dashboard.json"
MAX_BYTES = 1024 * 1024


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

    def save(self) -> None:
        """Write what has changed; a fault is told in `trouble` and stops nothing."""
        if self._path is None:
            return
        kept = {name: values for name, values in self._sections.items() if values}
        text = json.dumps(kept, indent=1, sort_keys=True)
        if text == self._saved:
            return
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_text(text, "utf-8")
            fresh.replace(self._path)
            self._saved, self.trouble = text, ""
        except OSError as error:
            with suppress(OSError):
                fresh.unlink()
            self.trouble = f"{self._path} cannot be written: {error.strerror}"

    def _load(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                text = file.read(MAX_BYTES + 1).decode()
            self._sections = _sections(text)
        except FileNotFoundError:
            return
        except OSError as error:
            self.trouble = f"{path} cannot be read: {error.strerror}"
            self._path = None  # whatever is there is not ours to write over
        except (ValueError, RecursionError) as error:
            aside = path.with_name(f"{path.name}.unreadable")
            self.trouble = f"{path} is not what it was ({error}); it is kept as {aside.name}"
            with suppress(OSError):
                path.replace(aside)
        else:
            self._saved = text


def _sections(text: str) -> dict[str, dict[str, Any]]:
    if len(text) > MAX_BYTES:
        raise ValueError("too large")
    sections = json.loads(text)
    if not isinstance(sections, dict) or not all(isinstance(v, dict) for v in sections.values()):
        raise ValueError("not sections of values")
    return sections
