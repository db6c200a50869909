"""An app that looks as a person wants it: themes, no colour, ASCII."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from textual.app import App
from textual.binding import Binding
from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

from tui import theme as themes
from tui.remembered import Remembered

LOOKED_AT_EVERY = 1.0
"""Seconds after which it is seen whether the theme's file has changed."""


class ThemedApp(App[None]):
    def __init__(
        self,
        theme: str | None,
        directories: Iterable[Path],
        remembered: Remembered,
        *,
        ascii: bool,  # noqa: A002 - the setting's own name
    ) -> None:
        """Without a `theme` it is the one that was chosen last.

        Raises ThemeError where `theme` is unknown or its file is wrong.
        """
        self._theme_files = themes.ThemeFiles(directories)
        self._remembered = remembered
        self._trouble = [remembered.trouble] if remembered.trouble else []
        """What is to be said as soon as there is a screen."""
        look = self._first_theme(theme)
        self._last_filters: tuple[LineFilter, ...] = ()
        super().__init__()
        # https://no-color.org: any value but an empty one. Textual would make grey of it.
        self.no_color = bool(os.environ.get("NO_COLOR"))
        if self.no_color:
            self._last_filters += (NoColor(),)
        self._ascii = ascii
        if ascii:
            from tui.widgets.glyphs import Ascii

            self._last_filters += (Ascii(),)
        self.register_theme(look)
        self.theme = self._theme_shown = look.name

    def start_watching_themes(self) -> None:
        """Once the first frame is out."""
        self.set_timer(1.0, self._add_other_themes)
        self.set_interval(LOOKED_AT_EVERY, self._reload_theme)
        self.watch(self, "theme", self._theme_changed, init=False)
        for trouble in self._trouble:
            self._warn(trouble)

    def _first_theme(self, wanted: str | None) -> Theme:
        chosen = self._remembered.section("look").get("theme")
        if wanted is not None or not isinstance(chosen, str):
            return self._theme_files.load(wanted or themes.DEFAULT)
        try:
            return self._theme_files.load(chosen)
        except themes.ThemeError as error:
            self._trouble.append(str(error))
            return self._theme_files.load(themes.DEFAULT)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for Textual's own themes."""
        theme = self.current_theme
        return {} if theme.name in self._theme_files.by_name else themes.variables(dark=theme.dark)

    def refresh_css(self, animate: bool = True) -> None:  # noqa: FBT001, FBT002 - Textual's signature
        """Before there is a screen, nothing is parsed that would have to be parsed anew."""
        if self.screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        if self.no_color:  # Textual's own would make colours of what is dim
            return self._last_filters
        # And greys where NO_COLOR is there, but empty.
        usual = (f for f in super().get_line_filters() if not isinstance(f, Monochrome))
        return (*usual, *self._last_filters)

    def get_key_display(self, binding: Binding) -> str:
        shown = super().get_key_display(binding)
        return binding.key if self._ascii and not shown.isascii() else shown

    def _add_other_themes(self) -> None:
        for name in self._theme_files.by_name:
            if name not in self.available_themes:
                try:
                    self.register_theme(self._theme_files.load(name))
                except themes.ThemeError as error:
                    self._warn(str(error))

    def _reload_theme(self) -> None:
        """The theme in use, where its file has changed; a wrong one leaves the look as it is."""
        try:
            theme = self._theme_files.reload(self.theme)
        except themes.ThemeError as error:
            self._warn(str(error))
            return
        if theme is not None:
            self.register_theme(theme)
            self.mutate_reactive(App.theme)

    def _theme_changed(self, name: str) -> None:
        if name != self._theme_shown:
            self._theme_shown = self._remembered.section("look")["theme"] = name

    def _warn(self, text: str) -> None:
        self.notify(text, severity="warning", timeout=10, markup=False)

    def action_change_theme(self) -> None:
        """Choose from all themes, those among them that were put there meanwhile."""
        self._theme_files.rescan()
        self._add_other_themes()
        super().action_change_theme()

    def search_themes(self) -> None:
        from textual.command import CommandPalette

        from tui.screens.themes import ThemeCommands

        self.push_screen(
            CommandPalette(providers=[ThemeCommands], placeholder="Search for themes…")
        )
