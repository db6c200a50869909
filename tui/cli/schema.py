"""`autosdlc-tui schema`."""

from typing import TYPE_CHECKING

import click

from tui.cli.failure import fail
from tui.cli.parameters import File

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Print the protocol, as AsyncAPI 3.0.")
@click.option(
    "--check", "path", type=File(), help="Say instead where this file differs from it, if it does."
)
def schema(path: "Path | None") -> None:
    """Print the whole protocol as an AsyncAPI 3.0 document, for other programs to be written from.

    Both layers are in it, every message with its JSON Schema, and the codes of errors and closes.
    """
    from tui.protocol.asyncapi import render

    if path is None:
        click.echo(render(), nl=False)
        return
    try:
        written = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"--check {path}: cannot be read: {error}")
    if difference := _difference(written, render()):
        click.echo(difference)
        fail(f"{path} does not say what the models say; `autosdlc-tui schema` does", 1)


def _difference(written: str, rendered: str) -> str:
    if written == rendered:
        return ""
    from difflib import unified_diff

    lines = unified_diff(written.splitlines(), rendered.splitlines(), "the file", "the models")
    return "\n".join(line.rstrip() for line in lines) or "only the ends of lines differ"
