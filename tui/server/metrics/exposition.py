"""The counters as Prometheus reads them: the document's names, and ours beside them.

Imported where somebody scrapes: prometheus-client takes 50 ms to import.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from tui.server.metrics import Histogram, Metrics


class Exposition:
    """One server's metrics, and those of its process."""

    def __init__(self, metrics: Metrics) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Collector(metrics))
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def page(self, accept: str) -> tuple[bytes, str]:
        """The page and its content type, in the format that the header `Accept` asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _Collector(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def describe(self) -> Iterable[Metric]:
        """Nothing is read when it is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from _of_the_document(self._metrics)
        yield from _of_ours(self._metrics)


def _of_the_document(metrics: Metrics) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "websocket_connections_total", "Total WebSocket connections", metrics.connections
    )
    yield GaugeMetricFamily(
        "websocket_active_connections", "Currently active WebSocket connections", metrics.active
    )
    received = CounterMetricFamily(
        "websocket_messages_received_total", "Total messages received", labels=["type"]
    )
    sent = CounterMetricFamily(
        "websocket_messages_sent_total", "Total messages sent", labels=["type"]
    )
    size = HistogramMetricFamily(
        "websocket_message_size_bytes", "Message size in bytes", labels=["type", "direction"]
    )
    for counter, direction, sizes in (
        (received, "in", metrics.received_sizes),
        (sent, "out", metrics.sent_sizes),
    ):
        for type_, histogram in sizes.items():
            count = histogram.count
            counter.add_metric([type_], count)
            if count:  # a server sees few of the types it knows, and each is nine lines
                size.add_metric([type_, direction], _buckets(histogram), histogram.sum)
    yield from (received, sent, size)
    yield _gauges(
        "websocket_active_subscriptions",
        "Currently active subscriptions",
        metrics.subscriptions,
    )


def _of_ours(metrics: Metrics) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "websocket_queue_bytes", "Bytes that clients have yet to be sent", metrics.queue_bytes()
    )
    for name, what, value in (
        ("conflated", "Events left out for a newer one of their state key", metrics.conflated),
        ("gaps", "Gaps that were announced to clients", metrics.gaps),
        ("resumes", "Resumes in which nothing was lost", metrics.resumes),
        ("rate_limited", "Messages that were refused for their rate", metrics.rate_limited),
        ("slow_readers_closed", "Connections closed for reading too slowly", metrics.slow_closed),
    ):
        yield CounterMetricFamily(f"websocket_{name}_total", what, value)
    yield HistogramMetricFamily(
        "broker_publish_seconds",
        "From a publish to the broker's answer",
        buckets=_buckets(metrics.publishing),
        sum_value=metrics.publishing.sum,
    )
    yield GaugeMetricFamily(
        "broker_lag_seconds",
        "How long the oldest unanswered publish has waited",
        metrics.broker_lag(),
    )


def _gauges(name: str, what: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=["resource"])
    for label, value in values.items():
        family.add_metric([label], value)
    return family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Cumulated, as Prometheus has them."""
    found: list[tuple[str, float]] = []
    total = 0
    bounds = [*(str(float(bound)) for bound in histogram.bounds), "+Inf"]
    for bound, count in zip(bounds, histogram.counts, strict=True):
        total += count
        found.append((bound, total))
    return found
