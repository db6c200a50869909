"""`autosdlc-tui config`."""

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tui.cli.failure import fail

if TYPE_CHECKING:
    from pathlib import Path

    from tui.config import Settings

DEFAULT = "default"
ON_THE_SCREEN = {"theme": "look", "density": "layout"}
"""What is as it was left there unless it is set, and the section that remembers it."""


class Row(NamedTuple):
    setting: str
    value: str | bool | float | None
    origin: str


@click.command(short_help="Show every setting, and where it comes from.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def config(context: click.Context, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Show every setting, its value, and where that comes from; never a token.

    Flags before the command count: `autosdlc-tui --theme NAME config`.
    """
    from tui.config import ConfigError, load_settings

    try:
        rows = settings_rows(load_settings(context.parent.params if context.parent else {}))
    except ConfigError as error:
        fail(str(error))
    if as_json:
        import json

        found = {row.setting: {"value": row.value, "from": row.origin} for row in rows}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    wide = max(len(row.setting) for row in rows)
    long = max(len(_said(row.value)) for row in rows)
    for row in rows:
        click.echo(f"{row.setting:<{wide}}  {_said(row.value):<{long}}  {row.origin}")


def settings_rows(settings: "Settings") -> list[Row]:
    """All settings in the order of their declaration, then the files and where tokens come from."""
    from tui.config import config_file, state_file

    settings = _as_left(settings)
    rows = []
    for name, value in settings._asdict().items():
        origin = settings.origins.get(name, DEFAULT)
        if name == "servers":
            rows += _server_rows(settings, origin)
        elif name == "keys":
            rows += [Row(f"keys.{id_}", key, origin) for id_, key in value.items()]
        elif name == "notify":
            rows += [
                Row(f"notify.{part}", _plain(one), origin) for part, one in value._asdict().items()
            ]
        elif name != "origins":
            rows.append(Row(name, value, origin))
    file = config_file()
    named = "AUTOSDLC_CONFIG" if os.environ.get("AUTOSDLC_CONFIG") else DEFAULT
    rows.append(Row("config file", _path(file), named))
    rows.append(Row("state file", _path(state_file()), DEFAULT))
    no_color = bool(os.environ.get("NO_COLOR"))
    rows.append(Row("no colour", no_color, "NO_COLOR" if no_color else DEFAULT))
    return rows


def _as_left(settings: "Settings") -> "Settings":
    """With what is not set as it was left on the screen."""
    from tui.config import state_file
    from tui.remembered import peek

    left = peek(state_file())
    found: dict[str, Any] = {
        name: value
        for name, section in ON_THE_SCREEN.items()
        if getattr(settings, name) is None
        and isinstance(value := left.get(section, {}).get(name), str)
    }
    origins = {**settings.origins, **dict.fromkeys(found, str(state_file()))}
    return settings._replace(**found, origins=origins)


def _server_rows(settings: "Settings", origin: str) -> list[Row]:
    from tui.discovery import TOKEN_VARIABLE, token_file
    from tui.protocol.text import presentable_url

    if os.environ.get(TOKEN_VARIABLE, "").strip():
        usual = TOKEN_VARIABLE
    elif token_file().is_file():
        usual = f"{token_file()}, for servers of this machine"
    else:
        usual = "none yet: one is made with the first server of this machine"
    if not settings.servers:
        return [
            Row("server", "one of this machine, or our own", DEFAULT),
            Row("token", None, usual),
        ]
    rows = []
    for server in settings.servers:
        whence = server.token_variable or server.token_file or usual
        rows.append(Row(f"server {server.name}", presentable_url(server.url), origin))
        rows.append(Row(f"token {server.name}", None, str(whence)))
    return rows


def _path(path: "Path") -> str:
    return f"{path}{'' if path.exists() else ' (not there)'}"


def _plain(value: object) -> str | bool | float | None:
    """A setting of several parts as one text."""
    if isinstance(value, tuple):
        return " ".join(value) or None
    return value if value is None or isinstance(value, str | bool | float) else str(value)


def _said(value: str | bool | float | None) -> str:  # noqa: FBT001 - whatever a setting is
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
