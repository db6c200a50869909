"""A workflow in time: bars are exactly as wide as they are given, and what is said of its end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.store.schedule import Forecast
from tui.store.workflows import Step, Workflow
from tui.widgets.cells import Line, line_width
from tui.widgets.gantt import Gantt, ending, rough

MINUTE = 60_000.0
AT = 1_700_000_000_000.0


def workflow(*steps: Step, **more: Any) -> Workflow:
    by_id = {step.id: step for step in steps}
    return Workflow("w", "feature", started=AT, steps=by_id, **more)


def text(line: Line) -> str:
    return "".join(span for span, _ in line)


def styles(line: Line) -> dict[str, str]:
    return {span[0]: style for span, style in line if span.strip()}


def running() -> tuple[Gantt, Step, Step]:
    """At 5 of 10 minutes: a step that took 2, and one that has gone on for 3 of 6."""
    done = Step("a", "A", state="done", started=AT, duration=2 * MINUTE)
    here = Step("b", "B", state="running", started=AT + 2 * MINUTE)
    spans = {"b": (here.started, AT + 8 * MINUTE), "c": (AT + 8 * MINUTE, AT + 10 * MINUTE)}
    seen = Forecast(AT + 10 * MINUTE, 0, 0, spans)
    return Gantt(workflow(done, here), seen, AT + 5 * MINUTE), done, here


def test_bars_lie_on_one_axis_and_what_is_expected_is_lighter() -> None:
    gantt, done, here = running()
    assert text(gantt.bar(done, 10)) == "██        "
    assert text(gantt.bar(here, 10)) == "  ███░░░  "
    assert text(gantt.bar(Step("c", "C"), 10)) == "        ░░"
    assert text(gantt.bar(Step("d", "D"), 10)) == " " * 10


def test_a_note_stands_where_there_is_room() -> None:
    gantt, done, _ = running()
    assert text(gantt.bar(Step("c", "C"), 20, "← B")) == "← B             ░░░░"
    assert text(gantt.bar(done, 10, "← B")) == "██ ← B    "


def test_a_note_is_cut_only_where_much_of_it_is_left() -> None:
    gantt, _, here = running()
    assert text(gantt.bar(here, 10, "coder")) == "  ███░░░  "
    assert text(gantt.bar(here, 40, "coder")) == "coder   ████████████░░░░░░░░░░░░        "
    assert text(gantt.bar(here, 60, "reviewer-001"))[:12] == "reviewer-0… "


@pytest.mark.parametrize("width", [2, 10, 20])
@pytest.mark.parametrize("began", [0, 2, 59])
def test_a_step_that_has_begun_shows_what_is_expected_of_it(width: int, began: float) -> None:
    """However short it is beside the whole, and though it be the last."""
    step = Step("a", "A", state="running", started=AT + began * MINUTE)
    now = step.started + MINUTE / 2
    seen = Forecast(AT + 60 * MINUTE, 0, 0, {"a": (step.started, step.started + MINUTE)})
    bar = text(Gantt(workflow(step), seen, now).bar(step, width))
    assert bar.strip() == "█░"
    assert len(bar) == width


def test_what_failed_and_what_takes_too_long_have_styles_of_their_own() -> None:
    late = Step("a", "A", state="running", started=AT)
    seen = Forecast(AT + 9 * MINUTE, 0, MINUTE, {"a": (AT, AT + 5 * MINUTE)})
    gantt = Gantt(workflow(late), seen, AT + 5 * MINUTE)
    assert styles(gantt.bar(late, 10)) == {"█": "warn"}
    failed = Step("b", "B", state="failed", started=AT, duration=MINUTE)
    assert styles(gantt.bar(failed, 10)) == {"█": "bad"}


times = st.floats(-8.64e15, 8.64e15)
steps = st.builds(
    Step,
    st.just("a"),
    st.just("A"),
    state=st.sampled_from(("pending", "running", "done", "failed")),
    started=times,
    duration=times,
)
forecasts = st.none() | st.builds(
    Forecast,
    times,
    st.floats(0, 1e9),
    st.floats(0, 1e9),
    st.dictionaries(st.just("a"), st.tuples(times, times)),
)


@given(steps, forecasts, times, times, st.integers(0, 60), st.text(max_size=80))
def test_a_bar_is_exactly_as_wide_as_asked(
    step: Step, seen: Forecast | None, ended: float, now: float, width: int, note: str
) -> None:
    bar = Gantt(workflow(step, ended=ended), seen, now).bar(step, width, note)
    assert line_width(bar) == width


@pytest.mark.parametrize(
    ("seen", "now", "said", "style"),
    [
        (None, AT + MINUTE, "running for 1m00s", "info"),
        (Forecast(AT + 9 * MINUTE, 3 * MINUTE, 0, {}), AT, "±3m00s in 9m00s", "info"),
        (Forecast(AT + 9 * MINUTE, 0, 0, {}), AT, " in 9m00s", "info"),
        (Forecast(AT + 9 * MINUTE, 0, 2 * MINUTE, {}), AT, ", 2m00s late", "warn"),
        (Forecast(AT + 9 * MINUTE, 0, 999, {}), AT, " in 9m00s", "info"),
        (Forecast(AT, 0, 4 * MINUTE, {}), AT, "late by 4m00s", "warn"),
    ],
)
def test_when_it_will_be_done_is_said_with_its_range(
    seen: Forecast | None, now: float, said: str, style: str
) -> None:
    text, shown = ending(workflow(), seen, now)
    assert text.endswith(said)
    assert shown == style
    assert text.startswith("ETA ") is (not said.startswith(("late", "running")))


def test_what_has_ended_says_how_and_when() -> None:
    failed = workflow(state="failed", duration=MINUTE, ended=AT)
    assert ending(failed, None, AT) == ("failed after 1m00s", "bad")
    assert ending(failed, None, AT + 5 * MINUTE, ago=True) == ("1m00s, 5m00s ago", "bad")
    assert ending(workflow(state="complete", duration=MINUTE), None, AT)[0] == "done in 1m00s"


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [(499, "0s"), (1_600, "2s"), (140_000, "2m20s"), (1_090_000, "18m"), (7_500_000, "2h05m")],
)
def test_what_is_not_known_exactly_is_said_roughly(milliseconds: float, said: str) -> None:
    assert rough(milliseconds) == said
