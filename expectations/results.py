"""What a gate found, in memory and in ``ops.quality_results``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from expectations.rules import Severity
from warehouse.connections import Connection


@dataclass(frozen=True)
class ExpectationResult:
    """What came of one expectation.

    Attributes:
        suite: Name of its suite.
        expectation: Its type in Great Expectations.
        column: The column that it is about; None for the table as a whole.
        severity: What its failure leads to.
        sentence: What must hold.
        is_success: Whether it does.
        unexpected_count: Rows (or groups of rows) that break it; None where that was not counted.
        observed: Figures, and samples where it failed.
    """

    suite: str
    expectation: str
    column: str | None
    severity: Severity
    sentence: str
    is_success: bool
    unexpected_count: int | None
    observed: Mapping[str, Any]

    def __str__(self) -> str:
        """Return a sentence for people that says what was expected, and how far it is off."""
        if self.is_success:
            return f"{self.suite}: {self.sentence}"
        error = self.observed.get("error")
        if error:
            return f"{self.suite}: not checked whether {self.sentence}: {error}"
        finding = f"{self.suite}: expected that {self.sentence}"
        checked = self.observed.get("element_count")
        if self.unexpected_count is not None and checked:
            finding += f", but {self.unexpected_count:,} of {checked:,} rows differ"
        samples = self.observed.get("samples")
        return f"{finding}, such as {', '.join(samples)}" if samples else finding


@dataclass(frozen=True)
class GateResult:
    """What came of a gate.

    Attributes:
        results: Of every expectation that was checked.
        suspects: The loads that broke blocking ones, each with which; None where that cannot be
            told, or nothing failed.
    """

    results: tuple[ExpectationResult, ...] = ()
    suspects: Mapping[int, str] | None = None

    @property
    def passed(self) -> bool:
        """Whether every blocking expectation holds."""
        return not self.failures

    @property
    def failures(self) -> tuple[str, ...]:
        """A sentence for each blocking expectation that failed."""
        return self._failed("blocking")

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each expectation that failed and does not block."""
        return self._failed("warning")

    def _failed(self, severity: Severity) -> tuple[str, ...]:
        return tuple(
            str(result)
            for result in self.results
            if not result.is_success and result.severity == severity
        )


def store(connection: Connection, run_id: int | None, results: Sequence[ExpectationResult]) -> None:
    """Write results into ``ops.quality_results``.

    Args:
        connection: Of the pipeline, in a transaction that the caller commits.
        run_id: The run that asked; None where none did.
        results: What was found.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.quality_results (run_id, suite, expectation, column_name, severity,"
            " is_success, unexpected_count, observed) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    run_id,
                    result.suite,
                    result.expectation,
                    result.column,
                    result.severity,
                    result.is_success,
                    result.unexpected_count,
                    Jsonb({"rule": result.sentence, **result.observed}),
                )
                for result in results
            ],
        )
