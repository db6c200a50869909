"""Counters, and the page that Prometheus reads: the document's names, with bounded labels."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tui.protocol.catalog import RESOURCES, MessageType
from tui.server.metrics import Metrics
from tui.server.metrics.exposition import Exposition

DOCUMENTED = {
    "websocket_connections_total": "counter",
    "websocket_active_connections": "gauge",
    "websocket_messages_received_total": "counter",
    "websocket_messages_sent_total": "counter",
    "websocket_message_size_bytes": "histogram",
    "websocket_active_subscriptions": "gauge",
}


def page(metrics: Metrics) -> str:
    return Exposition(metrics).page("text/plain")[0].decode()


def samples(metrics: Metrics) -> Iterator[Sample]:
    for family in text_string_to_metric_families(page(metrics)):
        yield from family.samples


def value(metrics: Metrics, name: str, **labels: str) -> float:
    [found] = [s.value for s in samples(metrics) if s.name == name and s.labels == labels]
    return found


def test_the_documents_metrics_are_there_under_their_names_and_kinds() -> None:
    lines = page(Metrics()).splitlines()
    for name, kind in DOCUMENTED.items():
        assert f"# TYPE {name} {kind}" in lines


def test_connections_are_counted_and_taken_away() -> None:
    metrics = Metrics()
    for _ in range(3):
        metrics.connected()
    metrics.disconnected()
    assert value(metrics, "websocket_connections_total") == 3
    assert value(metrics, "websocket_active_connections") == 2


def test_messages_are_counted_by_type_with_their_sizes() -> None:
    metrics = Metrics()
    for size in (99, 100, 101, 50_001):
        metrics.received("ping", size)
    metrics.sent("agent_log", 700, 10)
    assert value(metrics, "websocket_messages_received_total", type="ping") == 4
    assert value(metrics, "websocket_messages_sent_total", type="agent_log") == 10
    assert value(metrics, "websocket_messages_sent_total", type="ping") == 0
    name = "websocket_message_size_bytes"
    ping = {"type": "ping", "direction": "in"}
    counts = {
        sample.labels["le"]: sample.value
        for sample in samples(metrics)
        if sample.name == f"{name}_bucket" and sample.labels["type"] == "ping"
    }
    assert counts == {
        "100.0": 2,
        "500.0": 3,
        "1000.0": 3,
        "5000.0": 3,
        "10000.0": 3,
        "50000.0": 3,
        "+Inf": 4,
    }
    assert value(metrics, f"{name}_sum", **ping) == 99 + 100 + 101 + 50_001
    assert value(metrics, f"{name}_count", type="agent_log", direction="out") == 10
    assert value(metrics, f"{name}_sum", type="agent_log", direction="out") == 7000


def test_subscriptions_rise_and_fall_by_resource() -> None:
    metrics = Metrics()
    for resource in ("agent", "agent", "tdd"):
        metrics.subscribed(resource)
    metrics.unsubscribed("agent")
    name = "websocket_active_subscriptions"
    assert value(metrics, name, resource="agent") == 1
    assert value(metrics, name, resource="tdd") == 1


def test_no_client_can_make_up_labels() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics.received(f"type-{number}", 10)
        metrics.sent(f"type-{number}", 10)
    types = {s.labels["type"] for s in samples(metrics) if "type" in s.labels}
    assert types == {*MessageType, "other"}
    resources = {s.labels["resource"] for s in samples(metrics) if "resource" in s.labels}
    assert resources == set(RESOURCES)
    assert value(metrics, "websocket_messages_received_total", type="other") == 1000


def test_our_own_are_there_too() -> None:
    metrics = Metrics()
    metrics.conflated, metrics.gaps, metrics.resumes = 1, 2, 3
    metrics.rate_limited, metrics.slow_closed = 4, 5
    metrics.queue_bytes = lambda: 6
    metrics.broker_lag = lambda: 0.5
    for seconds in (0.00005, 0.002, 20.0):
        metrics.published(seconds)
    assert {
        s.name: s.value for s in samples(metrics) if not s.labels and s.name.startswith("websocket")
    } == {
        "websocket_connections_total": 0,
        "websocket_active_connections": 0,
        "websocket_conflated_total": 1,
        "websocket_gaps_total": 2,
        "websocket_resumes_total": 3,
        "websocket_rate_limited_total": 4,
        "websocket_slow_readers_closed_total": 5,
        "websocket_queue_bytes": 6,
    }
    assert value(metrics, "broker_lag_seconds") == 0.5
    assert value(metrics, "broker_publish_seconds_count") == 3
    assert value(metrics, "broker_publish_seconds_bucket", le="10.0") == 2
    assert value(metrics, "broker_publish_seconds_bucket", le="0.0001") == 1


def test_buckets_never_fall() -> None:
    metrics = Metrics()
    for size in range(0, 60_000, 700):
        metrics.received("ping", size)
    counts = [s.value for s in samples(metrics) if s.name == "websocket_message_size_bytes_bucket"]
    assert all(before <= after for before, after in pairwise(counts))


def test_the_process_is_measured() -> None:
    names = {sample.name for sample in samples(Metrics())}
    assert "python_gc_collections_total" in names


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text; version=1.0.0",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8,text/plain;q=0.5",
    ],
)
def test_who_asks_for_openmetrics_gets_it(accept: str) -> None:
    metrics = Metrics()
    metrics.received("ping", 10)
    said, content_type = Exposition(metrics).page(accept)
    assert content_type.startswith("application/openmetrics-text")
    read = read_openmetrics(said.decode())  # type: ignore[no-untyped-call]
    families = {family.name for family in read}
    assert {name.removesuffix("_total") for name in DOCUMENTED} <= families
