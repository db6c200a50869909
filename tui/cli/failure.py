"""How a command fails: one clear line, and an exit code."""

from typing import NoReturn

import click


def fail(message: str, code: int = 2) -> NoReturn:
    """Exit codes: 1 the thing itself failed; 2 it was asked for wrongly."""
    click.echo(f"autosdlc-tui: {message}", err=True)
    raise SystemExit(code)
