"""One time for a stop, and what of it is kept for whom."""

from tui.server.deadline import Deadline


def test_it_begins_once_and_is_shared_by_all() -> None:
    now = [100.0]
    deadline = Deadline(9, lambda: now[0])
    now[0] = 200.0
    assert deadline.left() == 9
    deadline.begin()
    now[0] = 203.0
    deadline.begin()
    assert (deadline.left(), deadline.left(4)) == (6, 2)
    now[0] = 220.0
    assert (deadline.left(), deadline.left(4)) == (0, 0)
