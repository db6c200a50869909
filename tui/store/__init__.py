"""Events folded into what is true now. Pure: synchronous, bounded, no clock, no I/O.

Times are Unix milliseconds, and come from the events themselves. Text is kept as it came: it is
made harmless where it is drawn. Panes read the records and never write them.
"""

from tui.store.store import Slice, Store

__all__ = ["Slice", "Store"]
