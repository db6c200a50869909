"""Each field of each event, by its model, is hostile: seen in every pane and every detail."""

import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from tests.functional.dashboard.test_hostile import HOSTILE, harmless
from tests.support.dashboard import dashboard
from tests.support.events import START
from tui.panes.pane import Pane
from tui.protocol.codec import build_event
from tui.protocol.models import AnyEvent, Message

NOWHERE = "ws://127.0.0.1:1/ws"
IDS = {"agentId", "workflowId", "alertId", "deploymentId", "repository", "testFile", "stepId"}
MODELS: tuple[type[BaseModel], ...] = get_args(AnyEvent)


def filled(kind: Any, text: str, name: str = "") -> Any:
    """A value of that type, with `text` wherever text may be."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inner[0]
    if origin in (Union, types.UnionType):
        return filled(inner[-2] if inner[-1] is type(None) else inner[-1], text, name)
    if origin is tuple:
        return [filled(inner[0], text, name)]
    if origin is not None and hasattr(kind, "__metadata__"):
        return filled(inner[0], text, name)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {
            field.alias or key: filled(field.annotation, text, field.alias or key)
            for key, field in kind.model_fields.items()
        }
    if kind is bool:
        return False
    if kind in (int, float):
        return START if "time" in name.lower() else 3
    if kind is Any:
        return {text[:99]: [text, {"deep": text}]}
    return text[:200] if name in IDS else text


def events(text: str) -> Iterator[Message]:
    for number, model in enumerate(MODELS):
        type_ = model.model_fields["type"].default
        data = filled(model.model_fields["data"].annotation, text)
        data |= {"unknownField": text, "url": text}
        yield build_event(type_, data, id_=f"e{number}", timestamp=START + number, source=text[:99])


def test_all_eighteen_are_meant() -> None:
    assert len(MODELS) == 18
    assert len(list(events("x"))) == 18


@pytest.mark.parametrize("name", ["markup", "escape", "c1", "controls", "right to left"])
async def test_no_field_reaches_a_screen_as_more_than_text(name: str) -> None:
    size = (120, 300)  # all of a detail is seen at once
    async with dashboard(NOWHERE, size=size, clock=lambda: START + 60_000) as screen:
        for event in events(HOSTILE[name]):
            screen.app.store.apply(event)
        screen.app.draw()
        for pane in ("agents", "tdd", "workflow", "alerts", "logs"):
            view = screen.app.screen.query_one(f"#{pane}", Pane)
            screen.app.screen.set_focus(view)
            await screen.pilot.pause()
            harmless(screen)
            rows = view.row_count()
            assert rows, f"{pane} shows something of it"
            for row in range(rows):
                view.cursor = row
                await screen.press("enter")
                detail = screen.app.screen.query("#detail")
                if not detail:
                    continue
                harmless(screen)
                await screen.press("escape")
