"""What Prometheus reads. Every label is bounded; several workers add up.

``prometheus_client`` decides at its import whether it shares its figures between processes, by a
variable that BentoML sets for its workers only: it is imported when a worker starts, never before.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kaizen.inference.refusal import Refusal

if TYPE_CHECKING:
    from prometheus_client import Counter

ENDPOINTS = (
    "/predict", "/feedback", "/livez", "/readyz", "/version", "/metrics", "/openapi.json", "/docs",
)  # fmt: skip
_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """The figures of one worker.

    Args:
        usecase, version: labels of every figure.
        fields: the field names a rejection may be counted under; any other counts as "other".
    """

    def __init__(self, usecase: str, version: str, fields: set[str]) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._registry = CollectorRegistry()

        common = {"usecase": usecase, "version": version}
        names = list(common)

        def counter(name: str, text: str, *labels: str) -> Counter:
            full = f"kaizen_{name}"
            return Counter(full, text, [*names, *labels], registry=self._registry)

        self._common = common
        self._fields = fields
        self._requests = counter("requests", "Requests answered", "endpoint", "code")
        self._rejected = counter("rejected", "Requests turned away", "field", "kind")
        self._predictions = counter("predictions", "Rows answered").labels(**common)
        events = counter("events", "Prediction events", "outcome")
        self._written = events.labels(**common, outcome="written")
        self._dropped = events.labels(**common, outcome="dropped")
        labels = counter("labels", "Labels from feedback", "outcome")
        self._stored = labels.labels(**common, outcome="stored")
        self._lost = labels.labels(**common, outcome="lost")
        self._seconds = Histogram(
            "kaizen_predict_seconds",
            "Time to answer a prediction",
            names,
            buckets=_BUCKETS,
            registry=self._registry,
        ).labels(**common)
        self._by_answer: dict[tuple[str, int], Counter] = {}

    def answered(self, path: str, status: int) -> None:
        """A request was answered, whatever it was."""
        key = (path if path in ENDPOINTS else "other", status)
        if key not in self._by_answer:
            self._by_answer[key] = self._requests.labels(
                **self._common, endpoint=key[0], code=str(status)
            )
        self._by_answer[key].inc()

    def predicted(self, rows: int, seconds: float, *, logged: bool | None) -> None:
        """``rows`` rows were answered; their events were logged, lost, or (None) not kept."""
        self._predictions.inc(rows)
        self._seconds.observe(seconds)
        if logged is not None:
            (self._written if logged else self._dropped).inc(rows)

    def labelled(self, *, stored: bool) -> None:
        """A label came, and was stored, or could not be."""
        (self._stored if stored else self._lost).inc()

    def rejected(self, refusal: Refusal) -> None:
        """A request was refused. A name of the client's making never becomes a label."""
        field = refusal.field if refusal.field in self._fields else "other"
        self._rejected.labels(**self._common, field=field, kind=refusal.kind).inc()

    def exposition(self) -> tuple[bytes, str]:
        """The figures and their media type: of all workers of this server, also of dead ones."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST
