"""Settings: defaults < TOML file < environment < flags.

The file is `config.toml` in the user's configuration directory, or where `AUTOSDLC_CONFIG` says.
Checked by hand, and all its faults reported at once: a validation library would cost more at
start-up than the whole screen (pydantic's import alone takes half of the first paint's time).
"""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from tui.notify.settings import Notify, notify_of
from tui.servers import Server, from_table, home_fault, named_by, twins

_COVERAGE = "[coverage]: has one setting, minimum = a number of percent, 0 to 100"
DENSITIES = ("normal", "dense")
KNOWN = (
    *("url", "theme", "density", "ascii", "export_directory"),
    *("[coverage]", "[keys]", "[notify]", "[[server]]"),
)
"""What the file may say."""


class ConfigError(Exception):
    """A setting is wrong; the message names what, where, and what to do."""


class Coverage(NamedTuple):
    minimum: float = 80.0
    """Percent that it should have at least; 0: nobody minds."""


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
    coverage: Coverage = Coverage()
    origins: Mapping[str, str] = MappingProxyType({})
    """Where each setting that is no default comes from: a file, a variable, a flag.

    By the names of the file, those of a table's settings with its own: `notify.bell`.
    """


def config_directory() -> Path:
    from platformdirs import user_config_path

    return user_config_path("autosdlc-tui")


def theme_directories() -> tuple[Path, ...]:
    """Where a person's own themes lie."""
    return (config_directory() / "themes",)


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
    """All sources in one; flags that are None or empty were not given.

    Raises ConfigError with all their faults, a line for each source.
    """
    settings, faults = read_settings(flags, environment)
    if faults:
        raise ConfigError("\n".join(faults))
    return settings


def read_settings(
    flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ
) -> tuple[Settings, list[str]]:
    """What is right of all sources, and what is wrong with each."""
    path = config_file(environment)
    values, faults = _read_file(path, must_exist=bool(environment.get("AUTOSDLC_CONFIG")))
    origins = dict.fromkeys(_names(values), str(path))
    servers: tuple[Server, ...] = ()
    try:
        servers = _servers_of(values, path.parent)
    except ValueError as error:
        faults.append(str(error))
    said = [f"{path}: {'; '.join(faults)}"] if faults else []
    if known := servers:
        origins["servers"] = str(path)
    url = environment.get("AUTOSDLC_URL")
    for urls, source in (([url] if url else (), "AUTOSDLC_URL"), (flags.get("urls"), "--url")):
        try:
            if urls:
                servers, origins["servers"] = _addressed(urls, known), source
        except ValueError as error:
            said.append(f"{source}: {error}")
    for name, value, origin in (
        ("theme", environment.get("AUTOSDLC_THEME"), "AUTOSDLC_THEME"),
        ("theme", flags.get("theme"), "--theme"),
        ("ascii", flags.get("ascii"), "--ascii"),
    ):
        if value:
            values[name], origins[name] = value, origin
    values["notify"] = notify_of(values.get("notify", {}))
    values["coverage"] = Coverage(**values.get("coverage", {}))
    return Settings(servers=servers, origins=origins, **values), said


def _names(values: Mapping[str, Any]) -> Iterator[str]:
    """Of all that a file says, with that of its table before a dot."""
    for name, value in values.items():
        yield name
        if isinstance(value, dict):
            yield from (f"{name}.{part}" for part in value)


def _servers_of(values: dict[str, Any], directory: Path) -> tuple[Server, ...]:
    """Taken out of what the file in `directory` says. Raises ValueError."""
    url, tables = values.pop("url", None), values.pop("server", [])
    servers = [named_by(url)] if url is not None else []
    servers += [from_table(table, directory) for table in tables]
    return _told_apart(tuple(servers))


def _addressed(urls: Sequence[str], known: Sequence[Server]) -> tuple[Server, ...]:
    """One of those that are `known` keeps its name and its token. Raises ValueError."""
    by_url = {server.url: server for server in known}
    return _told_apart(tuple(by_url.get(url) or named_by(url) for url in urls))


def _told_apart(servers: tuple[Server, ...]) -> tuple[Server, ...]:
    if fault := twins(servers):
        raise ValueError(fault)
    return servers


def _read_file(path: Path, *, must_exist: bool) -> tuple[dict[str, Any], list[str]]:
    """What is right in it, and every fault."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, ["no such file (named by AUTOSDLC_CONFIG)"] if must_exist else []
    except (OSError, UnicodeDecodeError) as error:
        return {}, [f"cannot be read: {error}"]
    except tomllib.TOMLDecodeError as error:
        return {}, [f"not TOML: {error}"]
    faults = {key: fault for key, value in content.items() if (fault := _fault(key, value))}
    right = {key: value for key, value in content.items() if key not in faults}
    return right, list(faults.values())


def _fault(key: str, value: Any) -> str | None:
    if key in ("url", "theme", "export_directory"):
        if not isinstance(value, str):
            return f"{key}: must be text, in quotes"
        return home_fault(key, value) if key == "export_directory" else None
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
