"""Screens put panes together; they hold no view and no state of their own."""
