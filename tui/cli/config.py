"""`autosdlc-tui config`."""

import os
import shlex
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
    from tui.cli.faults import look_faults
    from tui.config import read_settings

    settings, faults = read_settings(context.parent.params if context.parent else {})
    if faults := [*faults, *look_faults(settings)]:
        fail("\n".join(faults))
    rows = settings_rows(settings)
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
        if name == "servers":
            rows += _server_rows(settings, settings.origins.get(name, DEFAULT))
        elif name in ("keys", "notify", "coverage"):
            parts = value if name == "keys" else value._asdict()
            rows += [_row(settings, f"{name}.{part}", one) for part, one in parts.items()]
        elif name != "origins":
            rows.append(_row(settings, name, value))
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


def _row(settings: "Settings", name: str, value: object) -> Row:
    """`name` is the one that the file has for it; a value of several parts is one text."""
    if type(value) is tuple:  # a command, as a shell would have it; a named tuple says what it is
        value = shlex.join(value) or None
    elif value is not None and not isinstance(value, str | bool | int | float):
        value = str(value)
    return Row(name, value, settings.origins.get(name, DEFAULT))


def _said(value: str | bool | float | None) -> str:  # noqa: FBT001 - whatever a setting is
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else f"{value:g}"
