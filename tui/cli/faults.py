"""What is wrong with settings that only the screen can tell: its keys, and its theme."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.config import Settings


def look_faults(settings: "Settings") -> list[str]:
    """A text for each source; those for which the dashboard does not start."""
    faults = []
    if settings.keys:
        from tui.app import AutosdlcApp
        from tui.config import ConfigError
        from tui.keys import keymap

        try:
            keymap(settings.keys, AutosdlcApp.bindable(), settings.origins["keys"])
        except ConfigError as error:
            faults.append(str(error))
    if settings.theme:
        from tui.config import theme_directories
        from tui.theme import ThemeError, ThemeFiles

        try:
            ThemeFiles(theme_directories()).load(settings.theme)
        except ThemeError as error:
            faults.append(f"{settings.origins['theme']}: {error}")
    return faults
