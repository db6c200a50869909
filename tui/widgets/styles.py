"""What the style names of spans are in the theme."""

STYLES = {
    "text": "$foreground",
    "dim": "$muted",
    "strong": "bold $foreground",
    "head": "bold $muted",
    "cursor": "on $row-cursor",
    "ok": "$success",
    "warn": "$warning",
    "bad": "$error",
    "info": "$primary",
    "link": "underline $primary",
    "accent": "bold $accent",
    "alarm": "bold $alarm-text on $alarm",
    "ok-tile": "$background on $success",
    "warn-tile": "$background on $warning",
    "bad-tile": "$background on $error",
    "customer": "$agent-customer",
    "pm": "$agent-pm",
    "coder": "$agent-coder",
    "reviewer": "$agent-reviewer",
    "tester": "$agent-tester",
    "red": "bold $phase-red",
    "green": "bold $phase-green",
    "refactor": "bold $phase-refactor",
}
"""The styles that a span may carry, in the theme's variables.

Not component classes: Textual computes every one of those for every widget, and seven widgets of
nineteen took a quarter of the first frame.
"""
PLAIN = {
    "dim": "dim $foreground",
    "cursor": "reverse",
    "ok-tile": "reverse $success",
    "warn-tile": "reverse $warning",
    "bad-tile": "reverse $error",
}
"""Instead, where the terminal's own colours are used, or none: what it makes of them is unknown."""
COLOURLESS = PLAIN | {
    "bad": "bold $foreground",
    "warn": "bold $foreground",
    "alarm": "bold reverse",
    "ok-tile": "$foreground",
    "warn-tile": "bold $foreground",
    "bad-tile": "bold reverse $foreground",
}
"""Instead, where there are none."""
OUTCOMES = {"done": "ok", "failed": "bad", "waiting": "dim", "running": "info"}
"""The style of each outcome of a deployment, or of a component."""
