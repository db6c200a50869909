"""`python -m tui` is the command `autosdlc-tui`."""

from tui.cli import main

main()
