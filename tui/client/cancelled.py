"""Who is meant by a CancelledError."""

import asyncio


def is_ours(error: BaseException) -> bool:
    """Whether it cancels the present task, and not something that this called and awaited."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
