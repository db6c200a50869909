"""How far it is: one line on standard error, written over and over, where that is a terminal."""

import sys
import time

import click


class Progress:
    def __init__(self, *, on: bool = True) -> None:
        self._on = on and sys.stderr is not None and sys.stderr.isatty()
        self._began = time.monotonic()

    def show(self, count: int) -> None:
        self._write(f"{self._said(count)}, {count / self._seconds:,.0f}/s")

    def end(self, count: int) -> None:
        """Leave a last word."""
        self._write(f"{self._said(count)} in {self._seconds:.1f} s\n")

    def clear(self) -> None:
        self._write("")

    @property
    def _seconds(self) -> float:
        return max(time.monotonic() - self._began, 0.001)

    def _said(self, count: int) -> str:
        return f"{count:,} event{'s' if count != 1 else ''}"

    def _write(self, text: str) -> None:
        if self._on:
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
