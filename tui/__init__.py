"""autosdlc-tui: a terminal dashboard for coding agents, and the event system under it."""

__version__ = "0.1.0"
