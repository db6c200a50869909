"""Settings: defaults < TOML file < environment < flags.

The file is `config.toml` in the user's configuration directory, or where `AUTOSDLC_CONFIG` says.
Checked by hand, and all its faults reported at once: a validation library would cost more at
start-up than the whole screen (pydantic's import alone takes half of the first paint's time).
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from tui.notify.settings import Notify, notify_of
from tui.servers import Server, from_table, named_by, twins

_COVERAGE = "[coverage]: has one setting, minimum = a number of percent, 0 to 100"
DENSITIES = ("normal", "dense")
KNOWN = (
    *("url", "theme", "density", "ascii", "export_directory"),
    *("[coverage]", "[keys]", "[notify]", "[[server]]"),
)
"""What the file may say."""


class ConfigError(Exception):
    """A setting is wrong; the message names what, where, and what to do."""


class Settings(NamedTuple):
    servers: tuple[Server, ...] = ()
    """Those to watch; none: a local one, found or started."""
    theme: str | None = None
    """A theme's name: a shipped one, or a file in the configuration directory's `themes`.

    None: the one that was chosen last on the screen.
    """
    density: str | None = None
    """`normal`, or `dense`: no borders. None: as it was left on the screen."""
    ascii: bool | None = None
    """Whether to draw with ASCII alone. None: where the terminal's encoding is not UTF-8."""
    export_directory: str = "."
    """Where exports go; `~` is the home directory."""
    keys: Mapping[str, str] = MappingProxyType({})
    """Keys by binding id (`pane.zoom = "x"`), over the built-in ones."""
    notify: Notify = Notify()
    coverage_minimum: float = 80.0
    """Percent that coverage should have at least (`[coverage] minimum`); 0: nobody minds."""
    origins: Mapping[str, str] = MappingProxyType({})
    """Where each setting that is no default comes from: a file, a variable, a flag."""


def config_directory() -> Path:
    from platformdirs import user_config_path

    return user_config_path("autosdlc-tui")


def config_file(environment: Mapping[str, str] = os.environ) -> Path:
    named = environment.get("AUTOSDLC_CONFIG")  # empty is as good as none
    return Path(named) if named else config_directory() / "config.toml"


def state_file() -> Path:
    """Where the dashboard remembers how it was left."""
    from platformdirs import user_state_path

    from tui.remembered import FILE

    return user_state_path("autosdlc-tui", appauthor=False) / FILE


def load_settings(
    flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ
) -> Settings:
    """All sources in one; flags that are None or empty were not given. Raises ConfigError."""
    path = config_file(environment)
    values = _read_file(path, must_exist=bool(environment.get("AUTOSDLC_CONFIG")))
    origins = {name: str(path) for name in values}
    servers = known = _servers_of(values, path)
    if servers:
        origins["servers"] = str(path)
    if url := environment.get("AUTOSDLC_URL"):
        servers, origins["servers"] = _addressed([url], known, "AUTOSDLC_URL"), "AUTOSDLC_URL"
    if urls := flags.get("urls"):
        servers, origins["servers"] = _addressed(urls, known, "--url"), "--url"
    for name, value, origin in (
        ("theme", environment.get("AUTOSDLC_THEME"), "AUTOSDLC_THEME"),
        ("theme", flags.get("theme"), "--theme"),
        ("ascii", flags.get("ascii"), "--ascii"),
    ):
        if value:
            values[name], origins[name] = value, origin
    values["notify"] = notify_of(values.get("notify", {}))
    for name, value in values.pop("coverage", {}).items():
        values[f"coverage_{name}"] = value
        origins[f"coverage_{name}"] = origins.pop("coverage", str(path))
    return Settings(servers=servers, origins=origins, **values)


def _servers_of(values: dict[str, Any], path: Path) -> tuple[Server, ...]:
    """Taken out of what the file says."""
    url, tables = values.pop("url", None), values.pop("server", [])
    try:
        servers = [named_by(url)] if url is not None else []
        servers += [from_table(table, path.parent) for table in tables]
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    return _told_apart(tuple(servers), str(path))


def _addressed(urls: Sequence[str], known: Sequence[Server], source: str) -> tuple[Server, ...]:
    """One of those that are `known` keeps its name and its token."""
    by_url = {server.url: server for server in known}
    try:
        servers = tuple(by_url.get(url) or named_by(url) for url in urls)
    except ValueError as error:
        raise ConfigError(f"{source}: {error}") from error
    return _told_apart(servers, source)


def _told_apart(servers: tuple[Server, ...], source: str) -> tuple[Server, ...]:
    if fault := twins(servers):
        raise ConfigError(f"{source}: {fault}")
    return servers


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
    if key in ("url", "theme", "export_directory"):
        return None if isinstance(value, str) else f"{key}: must be text, in quotes"
    if key == "density":
        return None if value in DENSITIES else f"{key}: must be one of {', '.join(DENSITIES)}"
    if key == "ascii":
        return None if isinstance(value, bool) else f"{key}: must be true or false"
    if key == "server":
        if isinstance(value, list) and all(isinstance(table, dict) for table in value):
            return None
        return "[[server]]: two pairs of brackets, and its fields below"
    if key == "keys":
        if isinstance(value, dict) and all(isinstance(v, str) for v in value.values()):
            return None
        return '[keys]: must be pairs such as "pane.zoom" = "x", both in quotes'
    if key in ("notify", "coverage"):
        return _table_fault(key, value)
    return f"{key}: unknown setting (known: {', '.join(KNOWN)})"


def _table_fault(key: str, value: Any) -> str | None:
    if key == "coverage":
        known = isinstance(value, dict) and value.keys() <= {"minimum"}
        return None if known and _is_percent(value.get("minimum", 0)) else _COVERAGE
    try:
        notify_of(value)
    except ValueError as error:
        return str(error)
    return None


def _is_percent(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100
