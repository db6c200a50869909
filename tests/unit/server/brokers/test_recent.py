"""Ids that were stored lately: bounded by age and number, and cheap to let go of."""

from tui.server.brokers.recent import RecentIds


def test_the_oldest_go_first_where_there_are_too_many() -> None:
    ids = RecentIds(age=300, capacity=3)
    for n in range(5):
        assert ids.add(str(n), now=0)
        ids.forget(0, 1)
    assert len(ids) == 3
    assert [ids.add(str(n), now=1) for n in (2, 3, 4)] == [False, False, False]
    assert [ids.add(str(n), now=1) for n in (0, 1)] == [True, True]


def test_they_leave_in_time_two_for_each_new_one() -> None:
    ids = RecentIds(age=300, capacity=10)
    for n in range(5):
        ids.add(str(n), now=0)
    ids.forget(300, 1)
    assert len(ids) == 3
    ids.forget(300, 2)
    assert len(ids) == 0


def test_what_is_within_its_window_stays() -> None:
    ids = RecentIds(age=300, capacity=10)
    ids.add("old", now=0)
    ids.add("new", now=1)
    ids.forget(300, 10)
    assert not ids.add("new", now=300)
    assert ids.add("old", now=300)


def test_what_was_not_stored_after_all_is_new() -> None:
    ids = RecentIds(age=300, capacity=10)
    ids.add("a", now=0)
    ids.add("b", now=0)
    ids.discard(["a", "never seen"])
    assert [ids.add(one, now=0) for one in "ab"] == [True, False]


def test_an_id_that_comes_again_after_its_window_is_the_newest() -> None:
    ids = RecentIds(age=10, capacity=10)
    ids.add("a", now=0)
    ids.add("b", now=5)
    ids.add("a", now=10)
    ids.forget(15, 1)
    assert [ids.add(one, now=15) for one in "ab"] == [False, True]
