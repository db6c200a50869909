"""What agents did before: their tasks, errors and measurements, for those heard of lately.

Kept apart from the agents themselves, of which there may be twenty thousand: a past is large, and
looked at one at a time.
"""

from array import array
from collections import OrderedDict, deque
from collections.abc import Callable
from math import isnan, nan
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from tui.store.bounds import MESSAGE, cut

if TYPE_CHECKING:
    from tui.protocol.models.agent import (
        AgentErrorData,
        AgentMetrics,
        AgentTaskUpdateData,
        CurrentTask,
    )

T = TypeVar("T")

MAX_TASKS = 20
MAX_FAULTS = 8
"""Of one agent."""
WITH_TASKS, WITH_FAULTS, WITH_CHARTS = 2_000, 500, 2_000
"""Agents of which each is kept: in the worst case some 10 MB each."""
SAMPLES = 120
"""Measurements of one agent: four minutes of the demo, two hours at one a minute."""
MEASURES = ("cpu_usage", "memory_usage", "task_queue_depth", "response_time")
"""What is charted: percent of a core, bytes, tasks that wait, milliseconds."""
_ROW = 1 + len(MEASURES)
ENDED = frozenset({"completed", "failed", "cancelled"})


class Lately(Generic[T]):
    """A value for each of the `limit` keys asked for last."""

    def __init__(self, limit: int, new: Callable[[], T]) -> None:
        self._limit = limit
        self._new = new
        self._values: OrderedDict[str, T] = OrderedDict()

    def of(self, key: str) -> T:
        """That of `key`, made where there is none."""
        value = self._values.get(key)
        if value is None:
            if len(self._values) >= self._limit:
                self._values.popitem(last=False)
            value = self._values[key] = self._new()
        else:
            self._values.move_to_end(key)
        return value

    def get(self, key: str) -> T | None:
        return self._values.get(key)


class Task:
    """One task of an agent, under way or done."""

    def __init__(self, task_id: str, started: float = 0.0) -> None:
        self.id = task_id
        self.title = ""
        self.kind = ""
        self.status = "in_progress"
        self.progress: float | None = None
        """Percent."""
        self.started = started
        self.ended: float | None = None
        """When it was completed, failed or cancelled."""


class Fault(NamedTuple):
    at: float
    code: str
    message: str
    stack: str
    """Of a long one its beginning and its end."""
    task: str
    recoverable: bool | None


class Chart:
    """The newest measurements of one agent, by the names in MEASURES."""

    def __init__(self) -> None:
        self._rows = array("d")
        """Of each measurement its time and its values, one after another."""

    def add(self, at: float, *values: float | None) -> None:
        rows = self._rows
        if len(rows) >= 2 * SAMPLES * _ROW:  # half at once, rather than one each time
            del rows[: SAMPLES * _ROW]
        rows.append(at)
        for value in values:
            rows.append(nan if value is None else value)

    def series(self, name: str) -> list[tuple[float, float]]:
        """(when, value), the oldest first."""
        rows = self._rows[-SAMPLES * _ROW :]
        pairs = zip(rows[::_ROW], rows[1 + MEASURES.index(name) :: _ROW], strict=True)
        return [(at, value) for at, value in pairs if not isnan(value)]


class Past:
    """By agent id."""

    def __init__(self) -> None:
        self._tasks: Lately[deque[Task]] = Lately(WITH_TASKS, lambda: deque(maxlen=MAX_TASKS))
        self._faults: Lately[deque[Fault]] = Lately(WITH_FAULTS, lambda: deque(maxlen=MAX_FAULTS))
        self._charts: Lately[Chart] = Lately(WITH_CHARTS, Chart)

    def tasks(self, agent_id: str) -> list[Task]:
        """Those it had last, the newest first."""
        return list(self._tasks.get(agent_id) or ())[::-1]

    def faults(self, agent_id: str) -> list[Fault]:
        """Its last errors, the newest first."""
        return list(self._faults.get(agent_id) or ())[::-1]

    def chart(self, agent_id: str) -> Chart | None:
        return self._charts.get(agent_id)

    def on_task(self, agent_id: str, task: "CurrentTask", at: float) -> Task:
        """What an agent's status says of the task it is at."""
        known = self._task(agent_id, task.id, at)
        if task.title:
            known.title = cut(task.title)
        if task.type:
            known.kind = cut(task.type)
        if task.start_time is not None:
            known.started = task.start_time
        if task.progress is not None:
            known.progress = task.progress
        return known

    def on_task_update(self, data: "AgentTaskUpdateData", at: float) -> Task:
        known = self._task(data.agent_id, data.task_id, at)
        known.kind = cut(data.task_type)
        known.status = cut(data.status)
        known.progress = data.progress
        known.ended = at if data.status in ENDED else None
        title = data.details.get("title") if isinstance(data.details, dict) else None
        if isinstance(title, str) and not known.title:
            known.title = cut(title)
        return known

    def on_error(self, data: "AgentErrorData", at: float) -> None:
        stack = data.stack or ""
        if len(stack) > MESSAGE:
            stack = f"{stack[: MESSAGE // 2]}\n…\n{stack[-MESSAGE // 2 :]}"
        self._faults.of(data.agent_id).append(
            Fault(
                at,
                cut(data.code),
                cut(data.message),
                stack,
                cut(data.task_id),
                data.recoverable,
            )
        )

    def on_metrics(self, agent_id: str, metrics: "AgentMetrics", at: float) -> None:
        cpu, memory = metrics.cpu_usage, metrics.memory_usage
        queued, response = metrics.task_queue_depth, metrics.response_time
        if not (cpu is memory is queued is response is None):
            self._charts.of(agent_id).add(at, cpu, memory, queued, response)

    def _task(self, agent_id: str, task_id: str, at: float) -> Task:
        tasks = self._tasks.of(agent_id)
        task_id = cut(task_id)
        if tasks and tasks[-1].id == task_id:  # mostly
            return tasks[-1]
        known = next((task for task in reversed(tasks) if task.id == task_id), None)
        if known is None:
            known = Task(task_id, started=at)
            tasks.append(known)
        return known
