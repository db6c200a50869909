"""Lines are written by a thread: in order, bounded, and without harm to whoever has them."""

import threading
from collections.abc import Sequence

from tui.server.lines import LineWriter


class Disk:
    """Writes when it is told to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.faults: list[Exception] = []
        self.error: OSError | None = None
        self.entered = threading.Event()
        self.go = threading.Event()

    def write(self, lines: Sequence[str]) -> None:
        self.entered.set()
        assert self.go.wait(10)
        if self.error:
            raise self.error
        self.lines += lines

    def writer(self, capacity: int = 1000) -> LineWriter:
        return LineWriter(
            self.write,
            dropped=lambda count: f"{count} missing",
            fault=self.faults.append,
            capacity=capacity,
        )


def test_lines_come_in_order_and_closing_waits_for_them() -> None:
    disk = Disk()
    disk.go.set()
    writer = disk.writer()
    for number in range(100):
        writer.put(str(number))
    writer.close()
    writer.put("too late")
    assert disk.lines == [str(number) for number in range(100)]


def test_what_has_no_room_is_counted_and_said() -> None:
    disk = Disk()
    writer = disk.writer(capacity=10)
    writer.put("first")
    assert disk.entered.wait(10)
    for line in ("0123456", "789", "a", "b"):
        writer.put(line)
    disk.go.set()
    writer.close()
    assert disk.lines == ["first", "0123456", "789", "2 missing"]


def test_a_disk_that_stalls_stops_nobody() -> None:
    disk = Disk()
    writer = disk.writer(capacity=1000)
    for _ in range(10_000):
        writer.put("x" * 100)
    disk.go.set()
    writer.close()
    assert len(disk.lines) <= 22


def test_closing_waits_no_longer_than_it_is_told_to() -> None:
    disk = Disk()
    writer = disk.writer()
    writer.put("late")
    assert disk.entered.wait(10)
    assert not writer.close(0)
    disk.go.set()
    assert writer.close()
    assert disk.lines == ["late"]


def test_after_a_fault_it_is_said_once_and_nothing_is_kept() -> None:
    disk = Disk()
    disk.error = OSError("full")
    writer = disk.writer()
    writer.put("lost")
    disk.go.set()
    writer.close()
    assert disk.faults == [disk.error]
    assert writer.is_broken
