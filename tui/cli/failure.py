"""How a command fails: one clear line, and an exit code."""

import os
import sys
from typing import NoReturn

import click


def warn(message: str) -> None:
    """Say it, and go on."""
    click.echo(f"autosdlc-tui: {message}", err=True)


def fail(message: str, code: int = 2) -> NoReturn:
    """Exit codes: 1 the thing itself failed; 2 it was asked for wrongly."""
    warn(message)
    raise SystemExit(code)


def fail_mutely(error: OSError, more: str = "") -> NoReturn:
    """Standard output takes nothing, whatever is behind it."""
    # What could not be written would be tried again at the end, and fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    fail(f"standard output cannot be written: {error.strerror}{more}", 1)
