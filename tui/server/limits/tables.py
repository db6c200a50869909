"""Limits from files, which are TOML."""

import tomllib
from pathlib import Path
from typing import Any

from tui.server.config import ServerError
from tui.server.limits.sizes import Limits, limits_of


def limits_from(path: Path) -> Limits:
    """What `--limits FILE` says. Raises ServerError with all that is wrong with it."""
    try:
        return limits_of(read_table(path, f"--limits {path}: no such file"))
    except ValueError as error:
        raise ServerError(f"{path}: {error}") from error


def read_table(path: Path, absent: str) -> dict[str, Any]:
    """What is in a file; raises ServerError, which says that it is `absent` where it is."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ServerError(absent) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ServerError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ServerError(f"{path}: not TOML: {error}") from error
