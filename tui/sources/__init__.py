"""Real things turned into events: each source a pure mapping, and a thin shell that publishes."""
