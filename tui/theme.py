"""Themes: TOML files, checked whole, made into Textual's own.

Shipped ones lie in the package (`tui/themes`; in a checkout, `themes` beside it); a person's own in
the configuration directory's `themes` folder, where one of the same name wins.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from textual.color import Color, ColorParseError
from textual.theme import Theme

DEFAULT = "autosdlc-dark"
COLORS = (
    "primary", "secondary", "accent", "foreground", "background", "surface", "panel",
    "success", "warning", "error",
)  # fmt: skip
"""Every theme says all of these, in its `[colors]`."""
VARIABLES = (
    "agent-customer", "agent-pm", "agent-coder", "agent-reviewer", "agent-tester",
    "phase-red", "phase-green", "phase-refactor",
    "muted", "row-cursor", "pane-border", "alarm", "alarm-text",
)  # fmt: skip
"""And all of these, in its `[variables]`."""


class ThemeError(Exception):
    """A theme file is wrong; the message holds all its faults, a line each."""


@dataclass(frozen=True, slots=True)
class ThemeFile:
    name: str
    path: Path


def shipped_directory() -> Path:
    """Where the themes of this installation lie: in the wheel, or beside an editable checkout."""
    package = Path(__file__).parent
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def find_themes(directories: Iterable[Path]) -> dict[str, ThemeFile]:
    """Theme files by name (the file's own, without `.toml`); a later directory wins."""
    return {
        path.stem: ThemeFile(path.stem, path)
        for directory in directories
        if directory.is_dir()
        for path in sorted(directory.glob("*.toml"))
    }


def load_theme(file: ThemeFile) -> Theme:
    """Read and check one theme. Raises ThemeError with every fault of the file at once."""
    try:
        content = tomllib.loads(file.path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ThemeError(f"theme {file.path}: {error}") from error
    faults: list[str] = []
    dark = content.pop("dark", True)
    if not isinstance(dark, bool):
        faults.append("dark: not true or false")
    colors = _section(content, "colors", COLORS, faults)
    variables = _section(content, "variables", VARIABLES, faults)
    faults += [f"{key}: unknown key" for key in content]
    if faults:
        said = "\n".join(f"  {fault}" for fault in faults)
        raise ThemeError(f"theme {file.path} has {len(faults)} fault(s):\n{said}")
    return Theme(name=file.name, dark=dark, variables=variables, **cast("dict[str, Any]", colors))


def _section(
    content: dict[str, object], name: str, wanted: tuple[str, ...], faults: list[str]
) -> dict[str, str]:
    section = content.pop(name, None)
    if not isinstance(section, dict):
        faults.append(f"[{name}]: missing")
        return {}
    for key in wanted:
        value = section.get(key)
        if value is None:
            faults.append(f"{name}.{key}: missing")
            continue
        try:
            Color.parse(value if isinstance(value, str) else "")
        except ColorParseError:
            faults.append(f"{name}.{key}: {value!r} is no colour")
    faults += [f"{name}.{key}: unknown key" for key in section if key not in wanted]
    return section
