"""What Prometheus may read: how much comes in, what becomes of it, and how long that takes.

Labels are names of ours: dialects, verdicts, statuses, codes, and the names of write keys. What a
client sends is never one, so that no client can make series.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import attrgetter

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector

from ingestion.passage import Passage
from ingestion.tallies import Spread, Tallies, Tally
from ingestion.verdict import Verdict

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_EVENTS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)
_status = attrgetter("status")


class Metrics:
    """The figures of one ingestion, in a registry of their own.

    Attributes:
        registry: What ``/metrics`` shows.
        postgres_up: Set by whoever asks Postgres how it is.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._events = Tally(
            "footfall_ingestion_events",
            "Events that got a verdict, by `verdict`, `dialect`, and `key`: the name of the write "
            "key.",
            ("verdict", "dialect", "key"),
        )
        self._requests = Tally(
            "footfall_ingestion_requests",
            "Requests to the endpoints that take events, by `dialect` and HTTP `status`.",
            ("dialect", "status"),
        )
        self._refusals = Tally(
            "footfall_ingestion_refusals",
            "Requests from which nothing was taken, by `dialect`, HTTP `status` and `code`; "
            "`dialect` is empty where no endpoint took the request.",
            ("dialect", "status", "code"),
        )
        self._seconds = Spread(
            "footfall_ingestion_request_duration_seconds",
            "Time that a request to an endpoint that takes events took to be answered, by "
            "`dialect`.",
            _SECONDS,
            ("dialect",),
        )
        self._request_events = Spread(
            "footfall_ingestion_request_events", "Events in a request that was taken.", _EVENTS
        )
        self._landing_seconds = Spread(
            "footfall_ingestion_landing_duration_seconds",
            "Time that a group of requests took to be committed in Postgres.",
            _SECONDS,
        )
        self._landing_events = Spread(
            "footfall_ingestion_landing_events",
            "Events in a group that was committed in Postgres at once.",
            _EVENTS,
        )
        registry.register(
            Tallies(
                self._events,
                self._requests,
                self._refusals,
                self._seconds,
                self._request_events,
                self._landing_seconds,
                self._landing_events,
            )
        )
        self.postgres_up = Gauge(
            "footfall_ingestion_postgres_up",
            "Whether Postgres answered when it was last asked, which every scrape does: 1, or 0.",
            registry=registry,
        )

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
        self._request_events.note((), len(verdicts))
        dialect, key = passage.dialect, passage.key
        if len(verdicts) == 1:
            self._events.add((verdicts[0].status, dialect, key))
        else:
            for verdict, count in Counter(map(_status, verdicts)).items():
                self._events.add((verdict, dialect, key), count)

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
        self._refusals.add((dialect, str(status), code))

    def landed(self, events: int, seconds: float) -> None:
        """Count a group that is committed.

        Args:
            events: How many events it held.
            seconds: How long it took.
        """
        self._landing_events.note((), events)
        self._landing_seconds.note((), seconds)

    def _request(self, passage: Passage, status: int) -> None:
        dialect = passage.dialect
        self._requests.add((dialect, str(status)))
        self._seconds.note((dialect,), passage.seconds)
