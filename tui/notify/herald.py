"""Tells beyond the screen who needs a person: window title, bell, desktop, command."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tui.notify import terminal
from tui.notify.notifier import News, Notifier
from tui.notify.settings import Notify
from tui.store.inbox import Need

if TYPE_CHECKING:
    from tui.notify.command import Command

BELL = "\x07"


def titled(needs: int) -> str:
    """The window's title while so many things want a person."""
    return f"autosdlc ({needs} need{'s' * (needs == 1)} you)" if needs else "autosdlc"


class Herald:
    """`write` writes to the terminal, `complain` says one line to the person."""

    def __init__(
        self,
        settings: Notify,
        started: float,
        write: Callable[[str], None],
        complain: Callable[[str], None],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._settings = settings
        self._write = write
        self._complain = complain
        self._environment = environment
        self._notifier = Notifier(started)
        self._speaks = terminal.speaks(settings.desktop, environment)
        self._title = ""
        self._command: Command | None = None

    def look(self, needs: Sequence[Need], now: float) -> None:
        """Tell what there is to tell of `needs`, all that are open at `now`."""
        self._entitle(titled(len(needs)))
        quiet = self._settings.quiet
        news = self._notifier.news(needs, now, quiet=quiet is not None and quiet.covers(now))
        if news is not None:
            self._tell(news)

    async def close(self) -> None:
        """Give the terminal its title back, and end a command that still runs."""
        if self._title:
            self._write(terminal.POP_TITLE)
        if self._command is not None:
            await self._command.close()

    def _entitle(self, title: str) -> None:
        if title == self._title or not terminal.has_title(self._environment):
            return
        if not self._title:
            self._write(terminal.PUSH_TITLE)
        self._title = title
        self._write(terminal.title(title))

    def _tell(self, news: News) -> None:
        if self._settings.bell:
            self._write(BELL)
        if shown := terminal.notification(news, self._speaks, self._environment):
            self._write(shown)
        if self._settings.command:
            if self._command is None:
                from tui.notify.command import Command

                self._command = Command(self._settings.command, self._complain)
            self._command.run(news)
