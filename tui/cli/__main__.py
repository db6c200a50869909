"""`python -m tui.cli` is the command `autosdlc-tui`."""

from tui.cli import main

main()
