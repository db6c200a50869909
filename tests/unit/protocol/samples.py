"""Events as they are seen in the wild: the source document's own two, and one of each kind."""

from typing import Any

DOCUMENT_AGENT_STATUS = b"""{
"id": "evt-123e4567-e89b-12d3-a456-426614174000",
"type": "agent_status",
"timestamp": 1703775135000,
"data": {
"agentId": "coder-001",
"agentType": "coder",
"status": "busy",
"currentTask": {
"id": "task-789",
"type": "implement_feature",
"progress": 65,
"startTime": 1703774300000
},
"metrics": {
"cpuUsage": 45.2,
"memoryUsage": 1024000000,
"tasksCompleted": 12,
"uptime": 86400
}
},
"metadata": {
"version": "1.0",
"source": "agent-monitor"
}
}"""
DOCUMENT_TDD_PHASE_CHANGE = b"""{
"id": "evt-234e5678-f89c-23e4-b567-537625285111",
"type": "tdd_phase_change",
"timestamp": 1703775200000,
"data": {
"agentId": "coder-001",
"taskId": "task-789",
"previousPhase": "red",
"currentPhase": "green",
"testResults": {
"total": 45,
"passing": 45,
"failing": 0,
"skipped": 0
},
"coverage": {
"lines": 98.5,
"branches": 95.2,
"functions": 100,
"statements": 97.8
},
"duration": 1847
}
}"""

_ISO = "2025-06-09T12:34:56.789Z"
DATA: dict[str, dict[str, Any]] = {
    "agent_status": {"agentId": "coder-001", "agentType": "coder", "status": "busy"},
    "agent_task_update": {
        "agentId": "coder-001",
        "taskId": "task-789",
        "taskType": "implement_feature",
        "status": "in_progress",
        "progress": 66,
        "details": {"file": "src/app.py", "step": 3},
    },
    "agent_log": {
        "agentId": "coder-001",
        "level": "info",
        "timestamp": _ISO,
        "message": "Running test suite for feature task-789: 45 tests collected",
        "context": {"taskId": "task-789", "pid": 4242},
    },
    "agent_metric": {
        "agentId": "tester-002",
        "timestamp": _ISO,
        "metrics": {
            "cpuUsage": 12.5,
            "memoryUsage": 512000000,
            "taskQueueDepth": 3,
            "responseTime": 182.4,
        },
    },
    "agent_error": {
        "agentId": "coder-001",
        "error": "ToolTimeout",
        "message": "pytest did not finish in 120 s",
        "recoverable": True,
        "timestamp": _ISO,
    },
    "tdd_phase_change": {
        "agentId": "coder-001",
        "taskId": "task-789",
        "previousPhase": "red",
        "currentPhase": "green",
        "testResults": {"total": 45, "passing": 45, "failing": 0, "skipped": 0},
        "coverage": {"lines": 98.5, "branches": 95.2, "functions": 100.0, "statements": 97.8},
        "duration": 1847,
    },
    "test_result": {
        "agentId": "tester-002",
        "taskId": "task-789",
        "testFile": "tests/unit/test_app.py",
        "results": {"total": 45, "passing": 43, "failing": 2, "skipped": 0, "duration": 1234.5},
        "failures": [
            {"name": "test_a", "message": "assert 1 == 2"},
            {"name": "test_b", "message": "KeyError: 'x'"},
        ],
    },
    "coverage_update": {
        "agentId": "tester-002",
        "taskId": "task-789",
        "coverage": {"lines": 98.5, "branches": 95.2, "functions": 100.0, "statements": 97.8},
        "uncoveredLines": [12, 13, 44, 97, 98],
    },
    "workflow_started": {
        "workflowId": "wf-42",
        "workflowType": "feature",
        "initiator": "customer-001",
        "parameters": {"branch": "feat/x"},
        "estimatedDuration": 3600000,
        "steps": [
            {"id": "s1", "name": "Specify", "type": "task"},
            {"id": "s2", "name": "Write tests", "type": "task"},
        ],
    },
    "workflow_step_complete": {
        "workflowId": "wf-42",
        "stepId": "s1",
        "stepType": "task",
        "result": {"ok": True},
        "duration": 5231,
        "nextStep": "s2",
    },
    "workflow_complete": {
        "workflowId": "wf-42",
        "result": {"ok": True},
        "duration": 905231,
        "outputs": {"pr": 17},
        "metrics": {"steps": 3, "retries": 1},
    },
    "workflow_failed": {
        "workflowId": "wf-43",
        "error": "StepFailed",
        "stepId": "s2",
        "duration": 1231,
    },
    "system_notification": {
        "level": "success",
        "title": "Deployed",
        "message": "Version 1.2.3 is live",
        "actions": [{"label": "Open", "action": "open"}],
        "persistent": False,
    },
    "system_alert": {
        "alertId": "al-7",
        "severity": "high",
        "title": "Queue depth",
        "description": "Queue depth over 1000 for 5 min",
        "affectedComponents": ["queue", "pm-001"],
        "recommendedActions": ["scale"],
    },
    "deployment_status": {
        "deploymentId": "dep-9",
        "environment": "staging",
        "status": "in_progress",
        "progress": 40,
        "components": [{"name": "api", "status": "ok"}, {"name": "web", "status": "pending"}],
        "estimatedCompletion": _ISO,
    },
    "github_issue_update": {
        "repository": "acme/shop",
        "number": 12,
        "action": "opened",
        "title": "Add a screen",
        "state": "open",
        "url": "https://github.com/acme/shop/issues/12",
    },
    "github_pr_update": {
        "repository": "acme/shop",
        "number": 17,
        "action": "synchronize",
        "title": "feat: screen",
        "state": "open",
        "additions": 120,
        "deletions": 8,
    },
    "github_workflow_update": {
        "repository": "acme/shop",
        "runId": 998877,
        "workflow": "ci",
        "branch": "main",
        "status": "completed",
        "conclusion": "success",
    },
}
"""The `data` of one ordinary event of each type."""


def sample(type_: str, **fields: Any) -> dict[str, Any]:
    """An ordinary event; `fields` replace those of its `data`."""
    return {
        "id": f"evt-{type_}",
        "type": type_,
        "timestamp": 1703775135000,
        "data": DATA[type_] | fields,
        "metadata": {"version": "1.0", "source": "agent-monitor"},
    }
