"""The command palette's list: every action that is bound to a key now, generated from those."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape
from textual.types import IgnoreReturnCallbackType


class Command(NamedTuple):
    name: str
    run: IgnoreReturnCallbackType
    help: str
    """Its key and what it does, as markup, of which Textual makes text."""
    moves: bool


class BindingCommands(Provider):
    async def discover(self) -> Hits:
        for name, run, said, _ in self._commands():
            yield DiscoveryHit(name, run, help=said)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, run, said, _ in self._commands():
            score = max(matcher.match(name), matcher.match(said))
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=said)

    def _commands(self) -> Iterator[Command]:
        shown: dict[str, Command] = {}
        for node, binding, enabled, tooltip in self.screen.active_bindings.values():
            if binding.id and enabled and binding.id not in shown:
                key = self.app.get_key_display(binding)
                run = partial(self.app.run_action, binding.action, node)
                said = escape(f"{key}  {tooltip}")
                moves = binding.action.startswith("move")
                shown[binding.id] = Command(binding.description, run, said, moves)
        # What merely moves the cursor is there to be found, but not first.
        yield from sorted(shown.values(), key=lambda command: command.moves)
