"""Themes: TOML files, checked whole, made into Textual's own.

With `ansi = true` the colours may be the terminal's own: `ansi_red`, `ansi_bright_red`, and so on,
and `ansi_default` for its ink and its background.

Shipped ones lie in the package (`tui/themes`; in a checkout, `themes` beside it); a person's own in
the configuration directory's `themes` folder, where one of the same name wins.
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

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


_TRACKS = {
    f"scrollbar-{part}": "ansi_default"
    for part in ("background", "background-hover", "background-active", "corner-color")
}
"""Textual draws scrollbars on black, whatever the terminal's background is."""


class ThemeError(Exception):
    """A theme file is wrong; the message holds all its faults, a line each."""


class ThemeFile(NamedTuple):
    name: str
    path: Path

    def version(self) -> tuple[int, int] | None:
        """What tells a changed file from the one before; None while there is none."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size


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


class ThemeFiles:
    """The themes that there are to choose from, and whether the one in use has changed."""

    def __init__(self, own: Iterable[Path] = ()) -> None:
        """`own` are a person's directories, beside the shipped one."""
        self._directories = (shipped_directory(), *own)
        self.by_name = find_themes(self._directories)
        self._read: dict[str, tuple[int, int] | None] = {}
        self._pending: tuple[int, int] | None = None

    def rescan(self) -> None:
        self.by_name = find_themes(self._directories)

    def load(self, name: str) -> Theme:
        """Raises ThemeError for one that is unknown or wrong."""
        if name in self.by_name:
            self._read[name] = self.by_name[name].version()
            return load_theme(self.by_name[name])
        if name in BUILTIN_THEMES:
            return BUILTIN_THEMES[name]
        known = ", ".join(sorted(self.by_name))
        own = ", ".join(sorted(BUILTIN_THEMES))
        raise ThemeError(f"theme {name!r} is unknown; there are: {known}; and Textual's own: {own}")

    def reload(self, name: str) -> Theme | None:
        """The theme anew, where its file has changed and been left alone since the last call.

        A file that is gone changes nothing. Raises ThemeError where it is wrong now, once.
        """
        file = self.by_name.get(name)
        version = file.version() if file else None
        before, self._pending = self._pending, version
        if version is None or version == self._read.get(name) or version != before:
            return None
        return self.load(name)


@cache
def variables(*, dark: bool) -> dict[str, str]:
    """Ours, in a shipped theme for a dark or a bright screen."""
    name = DEFAULT if dark else "autosdlc-light"
    return load_theme(ThemeFile(name, shipped_directory() / f"{name}.toml")).variables


def load_theme(file: ThemeFile) -> Theme:
    """Read and check one theme. Raises ThemeError with every fault of the file at once."""
    try:
        content = tomllib.loads(file.path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ThemeError(f"theme {file.path}: {error}") from error
    faults: list[str] = []
    dark = _switch(content, "dark", True, faults)
    ansi = _switch(content, "ansi", False, faults)
    colors = _section(content, "colors", COLORS, faults, ansi=ansi)
    variables = _section(content, "variables", VARIABLES, faults, ansi=ansi)
    faults += [f"{key}: unknown key" for key in content]
    if faults:
        said = "\n".join(f"  {fault}" for fault in faults)
        raise ThemeError(f"theme {file.path} has {len(faults)} fault(s):\n{said}")
    if ansi:  # Textual makes fewer variables of such a theme than its own widgets use
        like = BUILTIN_THEMES["ansi-dark" if dark else "ansi-light"]
        variables = like.variables | _TRACKS | variables
    return Theme(
        name=file.name,
        dark=dark,
        ansi=ansi,
        variables=variables,
        **cast("dict[str, Any]", colors),
    )


def _switch(content: dict[str, object], name: str, usual: bool, faults: list[str]) -> bool:  # noqa: FBT001 - two calls
    value = content.pop(name, usual)
    if isinstance(value, bool):
        return value
    faults.append(f"{name}: not true or false")
    return usual


def _section(
    content: dict[str, object],
    name: str,
    wanted: tuple[str, ...],
    faults: list[str],
    *,
    ansi: bool,
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
            own = Color.parse(value if isinstance(value, str) else "").ansi is not None
        except ColorParseError:
            faults.append(f"{name}.{key}: {value!r} is no colour")
            continue
        if own and not ansi:
            faults.append(f"{name}.{key}: {value!r} is the terminal's own, for `ansi = true` only")
    faults += [f"{name}.{key}: unknown key" for key in section if key not in wanted]
    return section
