"""What is written to the terminal: no more than what changed, and only as fast as it is read."""
