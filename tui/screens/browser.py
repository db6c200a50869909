"""A web address of an event, opened in a person's browser: asked first, and nothing else is run."""

import asyncio
import subprocess
import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.details.address import web_address
from tui.screens.choices import Choices

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1], 2))"
PATIENCE = 3.0
"""Seconds in which a browser that cannot be started says so; after that it is taken to be open."""
_STEP = 0.05
_started: list[subprocess.Popen[bytes]] = []


class AddressScreen(ModalScreen[None]):
    """Shows an address in full, and opens it if a person says so."""

    DEFAULT_CSS = """
    AddressScreen {
        align: center middle;
        #question {
            width: 72; max-width: 100%; height: auto; max-height: 90%; overflow-y: auto;
            border: round $warning; border-title-color: $foreground;
            background: $background; padding: 0 1;
        }
        Choices { margin-top: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "accept", "Open", id="address.open", tooltip="Open it"),
        Binding("y", "copy", "Copy", id="address.copy", tooltip="Copy it"),
        Binding("escape,q,n", "dismiss", "Back", id="address.close", tooltip="Leave it"),
    ]

    def __init__(self, address: str) -> None:
        """Raises ValueError where that is no address to be opened."""
        super().__init__()
        self.address = web_address(address)
        if not self.address:
            raise ValueError("not an http or https address")

    def compose(self) -> ComposeResult:
        with Vertical(id="question") as box:
            box.border_title = "Open in the browser?"
            yield Static(self.address, markup=False)
            yield Choices(self, "address", between="   ")

    async def action_accept(self) -> None:
        # On the app: it goes on when this screen is gone.
        self.app.run_worker(_open(self.app, self.address), name="browser", exit_on_error=False)
        self.dismiss()

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self.address)
        self.notify("copied", timeout=1.5, markup=False)
        self.dismiss()


async def _open(app: App[object], address: str) -> None:
    if app.is_web:  # the browser that shows this screen
        app.open_url(address)
    elif not await open_address(address):
        said = "no browser could be started here; the address can be copied instead"
        app.notify(said, severity="warning", markup=False)


async def open_address(address: str) -> bool:
    """Whether the person's browser has been started with it, or was given it.

    In a process and session of its own, without our terminal: a browser for terminals would draw
    over the dashboard, and one that hangs would hold it up.
    """
    _started[:] = [process for process in _started if process.poll() is None]
    process = subprocess.Popen(  # noqa: ASYNC220, S603 - takes milliseconds; no shell, a checked address
        [sys.executable, "-c", _OPEN, address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _started.append(process)
    for _ in range(round(PATIENCE / _STEP)):
        if process.poll() is not None:
            return process.returncode == 0
        await asyncio.sleep(_STEP)
    return True
