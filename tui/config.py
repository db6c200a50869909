"""Settings: defaults < TOML file < environment < flags.

The file is `config.toml` in the user's configuration directory, or where `AUTOSDLC_CONFIG` says.
Checked by hand, and all its faults reported at once: a validation library would cost more at
start-up than the whole screen (pydantic's import alone takes half of the first paint's time).
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tui.protocol.text import presentable_url


class ConfigError(Exception):
    """A setting is wrong; the message names what, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    url: str | None = None
    """The server to watch, `ws://` or `wss://`; none: a local one, found or started."""
    theme: str = "autosdlc-dark"
    """A theme's name: a shipped one, or a file in the configuration directory's `themes`."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by binding id (`pane.zoom = "x"`), over the built-in ones."""


def config_directory() -> Path:
    from platformdirs import user_config_path

    return user_config_path("autosdlc-tui")


def config_file(environment: Mapping[str, str] = os.environ) -> Path:
    named = environment.get("AUTOSDLC_CONFIG")  # empty is as good as none
    return Path(named) if named else config_directory() / "config.toml"


def load_settings(
    flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ
) -> Settings:
    """All sources in one; flags that are None were not given. Raises ConfigError."""
    path = config_file(environment)
    values = _read_file(path, must_exist=bool(environment.get("AUTOSDLC_CONFIG")))
    for name, variable in (("url", "AUTOSDLC_URL"), ("theme", "AUTOSDLC_THEME")):
        if environment.get(variable):
            values[name] = environment[variable]
    values |= {name: value for name, value in flags.items() if value is not None}
    settings = Settings(**values)
    if settings.url is not None:
        check_url(settings.url)
    return settings


def check_url(url: str) -> None:
    """Raise ConfigError unless `url` is one a WebSocket client can go to."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        shown = presentable_url(url)
        raise ConfigError(f"url: {shown!r} is no WebSocket address; say ws://host:port/ws")


def _read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        if must_exist:
            raise ConfigError(f"{path}: no such file (named by AUTOSDLC_CONFIG)") from error
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    faults = [fault for key, value in content.items() if (fault := _fault(key, value))]
    if faults:
        raise ConfigError(f"{path}: " + "; ".join(faults))
    return content


def _fault(key: str, value: Any) -> str | None:
    if key in ("url", "theme"):
        return None if isinstance(value, str) else f"{key}: must be text, in quotes"
    if key == "keys":
        if isinstance(value, dict) and all(isinstance(v, str) for v in value.values()):
            return None
        return '[keys]: must be binding = "key" pairs'
    return f"{key}: unknown setting (known: url, theme, [keys])"
