"""Counting for Prometheus where it happens ten thousand times a second.

The library's own counters and histograms take locks and look labels up, which costs a tenth of what
an event costs. All of ingestion's counting happens on one thread, so plain additions do; what
Prometheus reads is made of them when it looks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]


class Tally:
    """A counter for each combination of label values."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str]) -> None:
        """Begin at nothing.

        Args:
            name: Its name, without ``_total``.
            meaning: What is counted.
            labels: Names of the labels.
        """
        self._name = name
        self._meaning = meaning
        self._labels = labels
        self._counts: defaultdict[Labels, int] = defaultdict(int)

    def add(self, labels: Labels, amount: int = 1) -> None:
        """Count something.

        Args:
            labels: Values of the labels, in their order.
            amount: How many.
        """
        self._counts[labels] += amount

    def family(self) -> Metric:
        """Return it as Prometheus reads it."""
        family = CounterMetricFamily(self._name, self._meaning, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        return family


class Spread:
    """A histogram for each combination of label values."""

    def __init__(
        self, name: str, meaning: str, bounds: Sequence[float], labels: Sequence[str] = ()
    ) -> None:
        """Begin at nothing.

        Args:
            name: Its name, with its unit.
            meaning: What is measured.
            bounds: Upper bounds of the buckets, ascending; one without a bound follows.
            labels: Names of the labels.
        """
        self._name = name
        self._meaning = meaning
        self._bounds = bounds
        self._labels = labels
        self._counts: dict[Labels, list[int]] = {}
        self._sums: defaultdict[Labels, float] = defaultdict(float)
        if not labels:
            self._counts[()] = self._none()

    def note(self, labels: Labels, value: float) -> None:
        """Count a value.

        Args:
            labels: Values of the labels, in their order.
            value: What was measured.
        """
        counts = self._counts.get(labels)
        if counts is None:
            counts = self._counts[labels] = self._none()
        counts[bisect_left(self._bounds, value)] += 1
        self._sums[labels] += value

    def family(self) -> Metric:
        """Return it as Prometheus reads it: each bucket holds those below, too."""
        family = HistogramMetricFamily(self._name, self._meaning, labels=self._labels)
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        for labels, counts in self._counts.items():
            buckets = list(zip(names, accumulate(counts), strict=True))
            family.add_metric(labels, buckets, self._sums[labels])
        return family

    def _none(self) -> list[int]:
        return [0] * (len(self._bounds) + 1)


class Tallies(Collector):
    """What Prometheus reads of tallies and spreads."""

    def __init__(self, *members: Tally | Spread) -> None:
        """Collect from the members."""
        self._members = members

    def collect(self) -> Iterable[Metric]:
        """Return them as they are now."""
        return [member.family() for member in self._members]
