"""Events of every stream: a made-up team at work, by seed."""

from itertools import count
from random import Random
from typing import Any, NamedTuple

from tests.support.frames import frame
from tui.protocol.catalog import EVENTS, RESOURCES
from tui.protocol.topics import Topic

JsonObject = dict[str, Any]
WORDS = ["retry", "partial refund", "ledger", "migration", "assert", "timeout", "upgrade head"]


class Made(NamedTuple):
    """One event, and where it belongs."""

    id: str
    type: str
    topic: Topic
    key: str | None
    data: JsonObject

    @property
    def conflatable(self) -> bool:
        return EVENTS[self.type].conflated

    @property
    def raw(self) -> bytes:
        metadata = {"version": "1.0", "source": self.topic.id}
        at = 1_700_000_000_000
        return frame(self.type, self.data, self.id, timestamp=at, metadata=metadata)


def _agent(who: str, text: str, number: int) -> dict[str, JsonObject]:
    task = {"id": f"t-{number}", "title": text, "progress": number % 100, "startTime": number}
    load = {"cpuUsage": 1, "memoryUsage": 2, "taskQueueDepth": 3, "responseTime": number}
    agent = {"agentId": who}
    moment = agent | {"timestamp": number}
    work = agent | {"taskId": "t-1"}
    return {
        "agent_status": agent | {"agentType": "coder", "status": "busy", "currentTask": task},
        "agent_task_update": work
        | {"taskType": "f", "status": "pending", "progress": 1, "details": text},
        "agent_log": moment | {"level": "info", "message": text},
        "agent_metric": moment | {"metrics": load},
        "agent_error": agent | {"message": text},
        "tdd_phase_change": work | {"previousPhase": "red", "currentPhase": "green"},
        "test_result": work
        | {
            "testFile": f"test_{number % 3}.py",
            "results": {"total": 1, "passing": 1, "failing": 0, "skipped": 0, "duration": number},
        },
        "coverage_update": work | {"coverage": {"lines": number % 100}, "file": text},
    }


def _other(who: str, text: str, number: int) -> dict[str, JsonObject]:
    step = {"stepId": f"s-{number % 3}", "stepType": "task", "result": text, "duration": 1}
    return {
        "workflow_step_complete": {"workflowId": who} | step,
        "workflow_failed": {"workflowId": who, "error": text},
        "system_notification": {"level": "info", "title": "t", "message": text},
        "system_alert": {
            "alertId": who,
            "severity": "low",
            "title": text,
            "description": "d",
            "affectedComponents": [],
            "recommendedActions": [],
        },
        "deployment_status": {
            "deploymentId": who,
            "environment": "e",
            "status": text,
            "progress": number % 100,
            "components": [],
        },
        "github_pr_update": {
            "repository": who,
            "number": number % 5,
            "title": text,
            "action": "opened",
            "state": "open",
        },
    }


# What makes the state key beside the topic's id, as PROTOCOL.md has it.
_KEYED = {
    "test_result": "testFile",
    "workflow_step_complete": "stepId",
    "github_pr_update": "number",
}
_HISTORY_ONLY = {"agent_log", "agent_error", "system_notification"}


class Story:
    """One publisher's events, one after the other; ids say whose, and in which order."""

    def __init__(self, name: str, randomness: Random) -> None:
        self.name = name
        self._random = randomness
        self._numbers = count(1)

    def next(self, *, size: int | None = None, type_: str | None = None, who: str = "") -> Made:
        """An event, with a text of `size` characters."""
        number = next(self._numbers)
        length = self._random.randrange(20, 800) if size is None else size
        word = self._random.choice(WORDS)
        text = (f"{word} " * (length // len(word) + 1))[:length]
        who = who or f"{self._random.choice(('coder', 'tester', 'a:b/c'))}-{number % 20}"
        kinds = _agent(who, text, number) | _other(who, text, number)
        # No stream is rare, so that all rings fill alike.
        resource = self._random.choice(RESOURCES)
        of_it = [type_ for type_ in kinds if EVENTS[type_].resource == resource]
        type_ = type_ or self._random.choice(of_it)
        data = kinds[type_]
        spec = EVENTS[type_]
        key = None if type_ in _HISTORY_ONLY else f"{who}/{data.get(_KEYED.get(type_, ''))}"
        topic = Topic(spec.resource, who, spec.event)
        return Made(f"{self.name}-{number:08d}", type_, topic, key, data)
