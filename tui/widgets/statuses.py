"""How an agent's status looks wherever it is: one glyph has one meaning."""

STATUSES = {
    "needs_input": ("‼", "alarm", "needs you"),
    "blocked": ("◼", "bad", "blocked"),
    "error": ("✗", "bad", "failed"),
    "busy": ("●", "ok", "working"),
    "idle": ("○", "dim", "idle"),
    "offline": ("·", "dim", "offline"),
}
"""Glyph, style, word. The word says it all; colour comes last."""


def status_said(status: str) -> tuple[str, str, str]:
    """Glyph, style, word; a status that we do not know has its own word."""
    return STATUSES.get(status) or ("◎", "text", status or "unknown")
