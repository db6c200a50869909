"""A workflow's run, whose durations are the story's own."""

from typing import Any, NamedTuple

from tui.protocol.catalog import MessageType
from tui.protocol.vocabulary import StepType
from tui.sources.demo.stage import Stage

_ENGINE = "workflow-engine"


class Step(NamedTuple):
    id: str
    name: str
    agent: str
    type: StepType = StepType.TASK


class Workflow:
    """Steps one after the other; `estimate` in seconds of a story told at pace 1."""

    def __init__(
        self,
        stage: Stage,
        type_: str,
        initiator: str,
        parameters: dict[str, Any],
        steps: tuple[Step, ...],
        estimate: float,
    ) -> None:
        self._stage = stage
        self.id = f"wf-{stage.number('workflow', 42)}"
        self._steps = steps
        self._at = 0
        self._started = self._step_started = stage.now
        stage.emit(
            MessageType.WORKFLOW_STARTED,
            _ENGINE,
            {
                "workflowId": self.id,
                "workflowType": type_,
                "initiator": initiator,
                "parameters": parameters,
                "steps": [
                    {
                        "id": step.id,
                        "name": step.name,
                        "type": step.type.value,
                        "agent": step.agent,
                        "dependencies": [steps[place - 1].id] if place else [],
                    }
                    for place, step in enumerate(steps)
                ],
                "estimatedDuration": round(estimate * stage.pace * 1000),
            },
        )

    def step_done(self, **result: Any) -> None:
        """The step under way is complete; the next one begins."""
        stage, step = self._stage, self._steps[self._at]
        self._at += 1
        data: dict[str, Any] = {
            "workflowId": self.id,
            "stepId": step.id,
            "stepType": step.type.value,
            "result": {"success": True} | result,
            "duration": stage.milliseconds(stage.now - self._step_started),
        }
        if self._at < len(self._steps):
            data["nextStep"] = self._steps[self._at].id
        self._step_started = stage.now
        stage.emit(MessageType.WORKFLOW_STEP_COMPLETE, _ENGINE, data)

    def complete(self, outputs: dict[str, Any]) -> None:
        self._stage.emit(
            MessageType.WORKFLOW_COMPLETE,
            _ENGINE,
            {
                "workflowId": self.id,
                "result": {"success": True},
                "duration": self._stage.milliseconds(self._stage.now - self._started),
                "outputs": outputs,
                "metrics": {"steps": self._at, "retries": 0},
            },
        )

    def fail(self, error: str) -> None:
        """The step under way has failed, and with it the run."""
        self._stage.emit(
            MessageType.WORKFLOW_FAILED,
            _ENGINE,
            {
                "workflowId": self.id,
                "error": error,
                "stepId": self._steps[self._at].id,
                "duration": self._stage.milliseconds(self._stage.now - self._started),
            },
        )
