"""What Prometheus may read: how much comes in, what becomes of it, and how long that takes.

Labels are names of ours: dialects, verdicts, statuses, codes, and the names of write keys. What a
client sends is never one, so that no client can make series.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Sequence
from operator import attrgetter

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from ingestion.passage import Passage
from ingestion.verdict import Verdict

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_EVENTS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)
_status = attrgetter("status")

# else every series comes with another that says when it began
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The figures of one ingestion, in a registry of their own.

    Attributes:
        registry: What ``/metrics`` shows.
        postgres_up: Set by whoever asks Postgres how it is.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._events = Counter(
            "footfall_ingestion_events",
            "Events that got a verdict, by `verdict`, `dialect`, and `key`: the name of the write "
            "key.",
            ("verdict", "dialect", "key"),
            registry=registry,
        )
        self._requests = Counter(
            "footfall_ingestion_requests",
            "Requests to the endpoints that take events, by `dialect` and HTTP `status`.",
            ("dialect", "status"),
            registry=registry,
        )
        self._refusals = Counter(
            "footfall_ingestion_refusals",
            "Requests from which nothing was taken, by `dialect`, HTTP `status` and `code`; "
            "`dialect` is empty where no endpoint took the request.",
            ("dialect", "status", "code"),
            registry=registry,
        )
        self._seconds = Histogram(
            "footfall_ingestion_request_duration_seconds",
            "Time that a request to an endpoint that takes events took to be answered, by "
            "`dialect`.",
            ("dialect",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._request_events = Histogram(
            "footfall_ingestion_request_events",
            "Events in a request that was taken.",
            buckets=_EVENTS,
            registry=registry,
        )
        self._landing_seconds = Histogram(
            "footfall_ingestion_landing_duration_seconds",
            "Time that a group of requests took to be committed in Postgres.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._landing_events = Histogram(
            "footfall_ingestion_landing_events",
            "Events in a group that was committed in Postgres at once.",
            buckets=_EVENTS,
            registry=registry,
        )
        self.postgres_up = Gauge(
            "footfall_ingestion_postgres_up",
            "Whether Postgres answered when it was last asked, which every scrape does: 1, or 0.",
            registry=registry,
        )
        # to find a child by its labels costs the library more than to count with it
        self._events_of: dict[tuple[str, str, str], Counter] = {}
        self._requests_of: dict[tuple[str, int], Counter] = {}
        self._seconds_of: dict[str, Histogram] = {}

    def gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """Add a figure that is read when somebody looks.

        Args:
            name: Its name, with its unit.
            meaning: What it is.
            read: Returns it.
        """
        Gauge(name, meaning, registry=self.registry).set_function(read)

    def answered(self, passage: Passage, status: int, verdicts: Sequence[Verdict]) -> None:
        """Count a request whose events have got their verdicts.

        Args:
            passage: What is noted of it.
            status: HTTP status of the answer.
            verdicts: The verdict of each event.
        """
        self._request(passage, status)
        self._request_events.observe(len(verdicts))
        one = len(verdicts) == 1
        tally = {verdicts[0].status: 1} if one else Tally(map(_status, verdicts))
        for verdict, count in tally.items():
            labels = (verdict, passage.dialect, passage.key)
            child = self._events_of.get(labels)
            if child is None:
                child = self._events_of[labels] = self._events.labels(*labels)
            child.inc(count)

    def refused(self, passage: Passage, status: int, code: str) -> None:
        """Count a request from which nothing was taken.

        Args:
            passage: What is noted of it.
            status: HTTP status of the answer.
            code: Stable name of the problem.
        """
        self._request(passage, status)
        self.turned_away(passage.dialect, status, code)

    def turned_away(self, dialect: str, status: int, code: str) -> None:
        """Count a refusal, and not the request.

        Args:
            dialect: Name of the wire format; empty where no endpoint took the request.
            status: HTTP status of the answer.
            code: Stable name of the problem.
        """
        self._refusals.labels(dialect, status, code).inc()

    def landed(self, events: int, seconds: float) -> None:
        """Count a group that is committed.

        Args:
            events: How many events it held.
            seconds: How long it took.
        """
        self._landing_events.observe(events)
        self._landing_seconds.observe(seconds)

    def _request(self, passage: Passage, status: int) -> None:
        dialect = passage.dialect
        counter = self._requests_of.get((dialect, status))
        if counter is None:
            counter = self._requests.labels(dialect, status)
            self._requests_of[dialect, status] = counter
        counter.inc()
        histogram = self._seconds_of.get(dialect)
        if histogram is None:
            histogram = self._seconds_of[dialect] = self._seconds.labels(dialect)
        histogram.observe(passage.seconds)
