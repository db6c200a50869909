"""The open enums: the values we know, matched loosely; what we do not know is kept as text."""

from collections.abc import Callable
from enum import StrEnum


class AgentType(StrEnum):
    CUSTOMER = "customer"
    PM = "pm"
    CODER = "coder"
    CODE_REVIEWER = "code-reviewer"
    TESTER = "tester"


class AgentStatus(StrEnum):
    IDLE = "idle"
    BUSY = "busy"
    BLOCKED = "blocked"
    ERROR = "error"
    OFFLINE = "offline"
    NEEDS_INPUT = "needs_input"
    """A person must act: this protocol's addition to the document's list."""


class TaskStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TddPhase(StrEnum):
    RED = "red"
    GREEN = "green"
    REFACTOR = "refactor"


class StepType(StrEnum):
    TASK = "task"
    PARALLEL = "parallel"
    CONDITIONAL = "conditional"
    LOOP = "loop"
    SUBWORKFLOW = "subworkflow"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    CRITICAL = "critical"


class NoticeLevel(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    SUCCESS = "success"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


_ALIASES: dict[type[StrEnum], dict[str, str]] = {
    AgentType: {"reviewer": AgentType.CODE_REVIEWER},
    LogLevel: {"warning": LogLevel.WARN},
    TaskStatus: {"canceled": TaskStatus.CANCELLED},
}


def _fold(text: str) -> str:
    return text.casefold().replace("-", "").replace("_", "")


def canonical(enum: type[StrEnum]) -> Callable[[str], str]:
    """A reader for one enum: `NEEDS-INPUT` becomes `needs_input`; what it does not know stays."""
    # A dictionary's own lookup: each event has several of these, most of them written as we do.
    return _Reader(enum).__getitem__


class _Reader(dict[str, str]):
    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__({member.value: member.value for member in enum})
        self._folded = {_fold(value): value for value in self}
        self._folded |= {
            _fold(alias): str(value) for alias, value in _ALIASES.get(enum, {}).items()
        }

    def __missing__(self, text: str) -> str:
        return self._folded.get(_fold(text), text)
