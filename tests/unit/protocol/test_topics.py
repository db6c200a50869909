"""Topics and filters: matching by segment, and what one filter covers of another."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.protocol.growth import ALLOWED, growth
from tui.protocol.catalog import EVENTS, RESOURCES
from tui.protocol.errors import ErrorCode, ProtocolError
from tui.protocol.topics import Filter, Topic, glob_match, short_name

AGENT = Topic("agent", "coder-001", "status")
DEPLOYMENT = Topic("deployment", "dep-9", "status")
RELAXED = settings(max_examples=300)


def naive_glob(pattern: str, text: str) -> bool:
    parts = [re.escape(part) for part in pattern.split("*")]
    return re.fullmatch(".*".join(parts), text, re.DOTALL) is not None


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("*", "anything", True),
        ("**", "", True),
        ("", "", True),
        ("", "a", False),
        ("coder-001", "coder-001", True),
        ("coder-001", "coder-0012", False),
        ("coder-*", "coder-", True),
        ("coder-*", "Coder-1", False),
        ("*-001", "coder-001", True),
        ("c*1", "coder-001", True),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("a*a*a", "aa", False),
        ("a*a*a", "aaa", True),
        ("*b*", "abc", True),
        ("a*b*c", "a-c-b", False),
        ("a.c", "abc", False),
        ("a.*", "a.", True),
        ("[a-z]*", "abc", False),
        ("(*", "((", True),
        ("a*", "a\nb", True),
    ],
)
def test_globs(pattern: str, text: str, expected: bool) -> None:
    assert glob_match(pattern, text) is expected
    assert naive_glob(pattern, text) is expected


@given(st.text("ab*.\n", max_size=8), st.text("ab.\n", max_size=12))
@RELAXED
def test_globs_match_as_the_plain_definition_says(pattern: str, text: str) -> None:
    assert glob_match(pattern, text) is naive_glob(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (lambda n: "a*" * n + "b", lambda n: "a" * (2 * n)),
        (lambda n: "*a" * n + "*b*", lambda n: "a" * (2 * n)),
        (lambda n: "*" * n + "b", lambda n: "a" * n),
        (lambda n: "*" + "a" * n + "b*", lambda n: "a" * (2 * n)),
        (lambda n: "*ab" * n, lambda n: "a" * n + "b" * n),
    ],
    ids=["a*a*b", "*a*a*b*", "***b", "*aaab*", "*ab*ab"],
)
def test_globs_take_linear_time(pattern: Callable[[int], str], text: Callable[[int], str]) -> None:
    ratio = growth(lambda both: glob_match(*both), lambda n: (pattern(n), text(n)), 20_000)
    assert ratio < ALLOWED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Filter()),
        ("*", Filter()),
        ("::", Filter()),
        ("*:*:*", Filter()),
        ("agent", Filter("agent")),
        ("agent:", Filter("agent")),
        ("agent:coder-*", Filter("agent", "coder-*")),
        ("agent:coder-001:status", Filter("agent", "coder-001", ("status",))),
        ("agent:*:status,log", Filter("agent", "*", ("status", "log"))),
        ("agent:*:status,*", Filter("agent")),
        ("agent:*:,status,", Filter("agent", "*", ("status",))),
        ("agent::status", Filter("agent", "*", ("status",))),
        (":coder-001", Filter("*", "coder-001")),
        ("agent:a:b:c:status", Filter("agent", "a:b:c", ("status",))),
        ("github:acme/shop:pr_update", Filter("github", "acme/shop", ("pr_update",))),
    ],
)
def test_the_written_form(text: str, expected: Filter) -> None:
    assert Filter.parse(text) == expected


SEGMENTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":,"), min_size=1)
IDS = st.text("ab:/*", min_size=1, max_size=6)


@given(SEGMENTS, IDS, st.lists(SEGMENTS.filter(lambda event: event != "*"), max_size=3))
@RELAXED
def test_what_is_written_is_read_again(resource: str, id_: str, events: list[str]) -> None:
    filter_ = Filter(resource, id_, tuple(events))
    assert Filter.parse(str(filter_)) == filter_


def test_a_topic_is_written_likewise() -> None:
    assert str(Topic("agent", "a:b", "status")) == "agent:a:b:status"
    assert Filter.parse(str(AGENT)).matches(AGENT)


@pytest.mark.parametrize(
    ("filter_", "field"),
    [
        (lambda: Filter(""), "data.resource"),
        (lambda: Filter("agent", ""), "data.resourceId"),
        (lambda: Filter("agent", "x" * 257), "data.resourceId"),
        (lambda: Filter("agent", "*", ("",)), "data.events"),
        (lambda: Filter("agent", "*", ("status", "x" * 257)), "data.events"),
        (lambda: Filter.parse("x" * 257 + ":a:b"), "data.resource"),
    ],
)
def test_segments_are_bounded(filter_: Callable[[], Filter], field: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        filter_()
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_MESSAGE, field)


def test_a_segment_of_256_characters_is_fine() -> None:
    assert Filter("agent", "x" * 256).matches(Topic("agent", "x" * 256, "log"))


@pytest.mark.parametrize(
    ("filter_", "topic", "expected"),
    [
        (Filter(), AGENT, True),
        (Filter("agent"), AGENT, True),
        (Filter("tdd"), AGENT, False),
        (Filter("a*"), AGENT, True),
        (Filter("agent", "coder-001"), AGENT, True),
        (Filter("agent", "coder-002"), AGENT, False),
        (Filter("agent", "coder-*"), AGENT, True),
        (Filter("agent", "pm-*"), AGENT, False),
        (Filter("agent", "*", ("status",)), AGENT, True),
        (Filter("agent", "*", ("agent_status",)), AGENT, True),
        (Filter("agent", "*", ("log", "status")), AGENT, True),
        (Filter("agent", "*", ("log",)), AGENT, False),
        (Filter("agent", "*", ("sta*",)), AGENT, True),
        (Filter("agent", "*", ("agent_*",)), AGENT, True),
        (Filter("agent", "*", ("*",)), AGENT, True),
        (Filter("agent", "*", ("*_log",)), AGENT, False),
        (Filter("*", "*", ("status",)), AGENT, True),
        (Filter("*", "*", ("status",)), DEPLOYMENT, True),
        (Filter("*", "*", ("agent_status",)), AGENT, True),
        (Filter("*", "*", ("agent_status",)), DEPLOYMENT, False),
        (Filter("*", "*", ("agent_s*",)), DEPLOYMENT, False),
        (Filter("*", "*", ("deployment_status",)), DEPLOYMENT, True),
        (Filter("agent"), Topic("agent", "a:b/c", "log"), True),
        (Filter("agent", "a:*"), Topic("agent", "a:b/c", "log"), True),
        (Filter("agent"), Topic("agent", "*", "log"), True),
        (Filter("agent", "a"), Topic("agent", "*", "log"), False),
    ],
)
def test_matching(filter_: Filter, topic: Topic, expected: bool) -> None:
    assert filter_.matches(topic) is expected


def naive_match(filter_: Filter, topic: Topic) -> bool:
    full = next(
        (t for t, spec in EVENTS.items() if (spec.resource, spec.event) == (topic[0], topic[2])), ""
    )
    return (
        naive_glob(filter_.resource, topic.resource)
        and naive_glob(filter_.id, topic.id)
        and (
            not filter_.events
            or any(naive_glob(e, topic.event) or naive_glob(e, full) for e in filter_.events)
        )
    )


EVENT_NAMES = sorted({spec.event for spec in EVENTS.values()} | set(EVENTS))
TOPICS = st.builds(
    lambda spec, id_: Topic(spec.resource, id_, spec.event),
    st.sampled_from(sorted(EVENTS.values())),
    st.sampled_from(["a", "b", "ab", "ba", "a:b", "*"]),
)
FILTERS = st.builds(
    Filter,
    st.sampled_from([*RESOURCES, "*", "a*", "*t*", "unknown"]),
    st.sampled_from(["*", "a", "b", "ab", "a*", "*b", "a*b", "a:b", "**"]),
    st.lists(
        st.sampled_from([*EVENT_NAMES, "*", "s*", "*status", "agent_*", "*_*", "unknown"]),
        max_size=2,
    ).map(tuple),
)


@given(FILTERS, TOPICS)
@settings(max_examples=1000)
def test_matching_is_what_the_plain_definition_says(filter_: Filter, topic: Topic) -> None:
    assert filter_.matches(topic) is naive_match(filter_, topic)


@given(FILTERS, TOPICS)
@RELAXED
def test_a_filter_reaches_only_into_its_resources(filter_: Filter, topic: Topic) -> None:
    if filter_.matches(topic):
        assert topic.resource in filter_.resources


@given(FILTERS, FILTERS, st.lists(TOPICS, min_size=10, max_size=30))
@settings(max_examples=1000)
def test_what_is_covered_never_reaches_further(
    permission: Filter, asked: Filter, topics: list[Topic]
) -> None:
    if permission.covers(asked):
        assert all(permission.matches(topic) for topic in topics if asked.matches(topic))


@given(FILTERS)
@RELAXED
def test_every_filter_is_covered_by_itself_and_by_all(filter_: Filter) -> None:
    assert Filter().covers(filter_)
    assert Filter("*", "*", ("*",)).covers(filter_)
    assert filter_.covers(filter_)


@pytest.mark.parametrize(
    ("permission", "asked", "expected"),
    [
        ("agent", "agent:coder-001:status", True),
        ("agent", "tdd", False),
        ("agent", "*", False),
        ("agent:coder-*", "agent:coder-001", True),
        ("agent:coder-*", "agent:coder-*", True),
        ("agent:coder-*", "agent:*", False),
        ("agent:coder-*", "agent:coder-0*", False),
        ("agent:coder-*", "agent:pm-001", False),
        ("agent:*:status,log", "agent:a:log", True),
        ("agent:*:status,log", "agent:a", False),
        ("agent:*:status,log", "agent:a:log,metric", False),
        ("agent:*:status", "agent:*:agent_status", True),
        ("agent:*:agent_status", "agent:*:status", True),
        ("*:*:agent_status", "*:*:status", False),
        ("*:*:agent_status", "agent:*:status", True),
        ("*:*:agent_status", "deployment:*:status", False),
        ("agent:*:s*", "agent:*:agent_status", True),
    ],
)
def test_covering(permission: str, asked: str, expected: bool) -> None:
    assert Filter.parse(permission).covers(Filter.parse(asked)) is expected


@pytest.mark.parametrize(
    ("resource", "event", "expected"),
    [
        ("agent", "agent_status", "status"),
        ("agent", "status", "status"),
        ("deployment", "agent_status", "agent_status"),
        ("*", "agent_status", "agent_status"),
        ("agent", "novelty", "novelty"),
    ],
)
def test_short_names(resource: str, event: str, expected: str) -> None:
    assert short_name(resource, event) == expected
