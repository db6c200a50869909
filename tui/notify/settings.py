"""The `[notify]` table of the configuration."""

import time
from typing import Any, NamedTuple

DESKTOP = ("auto", "osc9", "osc777", "off")


class Quiet(NamedTuple):
    """Hours of the day in which nothing is told, in minutes since midnight, local time."""

    start: int
    end: int
    """Not among them; before `start`, the hours go over midnight."""

    def __str__(self) -> str:
        hours = (f"{at // 60:02d}:{at % 60:02d}" for at in (self.start, self.end))
        return "-".join(hours)

    def covers(self, now: float) -> bool:
        """Whether `now` (Unix ms) is in them."""
        local = time.localtime(now / 1000)
        minute = local.tm_hour * 60 + local.tm_min
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


class Notify(NamedTuple):
    bell: bool = True
    desktop: str = "auto"
    """How the terminal is asked for a desktop notification: one of DESKTOP."""
    command: tuple[str, ...] = ()
    """A program and its arguments, run without a shell."""
    quiet: Quiet | None = None
    snooze_minutes: float = 15.0


def notify_of(table: object) -> Notify:
    """Raises ValueError with every fault of the table."""
    if not isinstance(table, dict):
        raise ValueError("[notify]: must be a table")  # noqa: TRY004 - a person's fault, not ours
    faults = [fault for key, value in table.items() if (fault := _fault(key, value))]
    if faults:
        raise ValueError("; ".join(faults))
    values = dict(table)
    if "command" in values:
        values["command"] = tuple(values["command"])
    if "quiet" in values:
        values["quiet"] = _hours(values["quiet"])
    return Notify(**values)


def _fault(key: str, value: Any) -> str | None:
    wrong = {
        "bell": not isinstance(value, bool) and "must be true or false",
        "desktop": value not in DESKTOP and f"must be one of {', '.join(DESKTOP)}",
        "command": not _is_command(value) and 'must be a list of texts: ["notify-send", "-t", "9"]',
        "quiet": not _is_quiet(value) and 'must be hours such as "22:00-07:00"',
        "snooze_minutes": not _is_minutes(value) and "must be a number above 0, at most 10080",
    }
    said = wrong.get(key, f"unknown (known: {', '.join(wrong)})")
    return f"notify.{key}: {said}" if said else None


def _is_command(value: Any) -> bool:
    texts = isinstance(value, list) and all(isinstance(part, str) for part in value)
    return texts and all("\0" not in part for part in value) and (not value or bool(value[0]))


def _is_quiet(value: Any) -> bool:
    try:
        _hours(value)
    except (ValueError, AttributeError):
        return False
    return True


def _is_minutes(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value <= 10_080


def _hours(text: str) -> Quiet | None:
    """None for an empty text."""
    if text == "":
        return None
    start, _, end = text.partition("-")
    return Quiet(_minute(start), _minute(end))


def _minute(text: str) -> int:
    moment = time.strptime(text.strip(), "%H:%M")
    return moment.tm_hour * 60 + moment.tm_min
