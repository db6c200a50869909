"""What is in this process's memory."""

import gc

from tui.protocol.express import Draft


def drafts_in_memory() -> list[Draft]:
    """Events that were published and that somebody still has, all of them."""
    return [one for one in gc.get_objects() if isinstance(one, Draft)]
