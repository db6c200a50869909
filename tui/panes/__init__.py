"""One file a pane: its subscription, its view of the store, its keys."""
