"""The list of themes: the one in use first, where the cursor is, then ours, then Textual's."""

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.theme import BUILTIN_THEMES
from textual.types import IgnoreReturnCallbackType


class ThemeCommands(Provider):
    async def discover(self) -> Hits:
        for name, choose, said in self._commands():
            yield DiscoveryHit(Content(name), choose, help=said)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, choose, said in self._commands():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), choose, help=said)

    def _commands(self) -> Iterator[tuple[str, IgnoreReturnCallbackType, str | None]]:
        now = self.app.theme
        names = self.app.available_themes
        for name in sorted(names, key=lambda name: (name != now, name in BUILTIN_THEMES, name)):
            yield name, partial(setattr, self.app, "theme", name), "in use" if name == now else None
