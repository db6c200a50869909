"""Every screen there is beside the dashboard, and how to come to it: for pictures of them all."""

from typing import NamedTuple

from tests.support.stage import DEPLOYING, MOMENT


class Shown(NamedTuple):
    keys: tuple[str, ...]
    """Which lead there from the dashboard."""
    words: str
    """Seen nowhere else."""
    moment: float = MOMENT
    """Seconds into the demo's story."""


ADDRESS = ("4", "G", "k", "k", "enter", *"j" * 8, "enter")
MAIN = {
    "agent": Shown(("enter",), "METRICS"),
    "cycle": Shown(("2", "enter"), "FAILURES 8"),
    "workflow": Shown(("3", "enter"), "PARAMETERS"),
    "alert": Shown(("4", "enter"), "WHAT TO DO"),
    "deployment": Shown(("4", "enter"), "COMPONENTS", DEPLOYING),
    "pull-request": Shown(("4", "j", "j", "enter"), "REVIEW AND CHECKS", DEPLOYING),
    "run": Shown(("4", "j", "enter"), "RUNS BEFORE", DEPLOYING),
    "notification": Shown(("4", "G", "k", "k", "enter"), "ACTIONS"),
    "address": Shown(ADDRESS, "Open in the browser?"),
    "logs": Shown(("5", "z"), "5 LOGS"),
    "help": Shown(("question_mark",), "esc closes"),
    "palette": Shown(("ctrl+p",), "Search for commands"),
}
"""Those that a person meets every day."""
OTHERS = {
    "all-cycles": Shown(("2", "o"), "the only agent"),
    "all-workflows": Shown(("3", "o"), "STEPS", DEPLOYING),
    "filter": Shown(("5", "slash", *"refund"), "▽refund"),
    "log-line": Shown(("5", "k", "enter"), "AROUND"),
    "paused": Shown(("space",), "PAUSED"),
    "dense": Shown(("d",), "AGENTS"),
    "export": Shown(("e",), "as CSV"),
}
