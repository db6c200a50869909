"""Who is meant by a CancelledError."""

import asyncio


def is_cancelled() -> bool:
    """Whether the present task is; else the error is of something that it called and awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
