"""What follows from a gate's verdict: which loads are held, and what people are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pipeline import loads
from pipeline.alerts import raise_alert, resolve_alert
from warehouse.connections import Connection

# Warnings about raw are about shares: of fewer events these say little, and would come and go.
FEWEST_EVENTS_OF_A_SHARE = 100


class GateResult(Protocol):
    """What a gate found."""

    @property
    def passed(self) -> bool:
        """Whether no blocking expectation failed."""

    @property
    def failures(self) -> Sequence[str]:
        """A sentence for people on each blocking expectation that failed."""

    @property
    def warnings(self) -> Sequence[str]:
        """A sentence for people on each other expectation that failed."""

    @property
    def suspects(self) -> Mapping[int, str] | None:
        """Why, by load, where failures can be laid to single loads."""


def hold_or_admit(
    connection: Connection, run_id: int, claimed: loads.Claim, result: GateResult
) -> str | None:
    """Hold the loads that the raw gate refuses, and let the others of the run through.

    Where it cannot be told which loads are to blame, all are held.

    Args:
        connection: Of a run that holds the core lock, in a transaction.
        run_id: The run.
        claimed: What it has claimed.
        result: What the gate found.

    Returns:
        Why loads are held; None where none is.
    """
    if claimed.events >= FEWEST_EVENTS_OF_A_SHARE:
        warn_of_quality(connection, "raw", result)
    reason = None
    if not result.passed:
        reason = "; ".join(result.failures)
        held = loads.hold(connection, run_id, result.suspects or reason)
        raise_alert(
            connection,
            "gate:raw",
            "critical",
            f"{held.loads:,} of {claimed.loads:,} loads, with {held.events:,} events, are held: "
            f"{reason}",
            {"run_id": run_id, "failures": list(result.failures)},
        )
    loads.admit(connection, run_id)
    return reason


def warn_of_quality(connection: Connection, domain: str, result: GateResult) -> None:
    """Tell of expectations that failed and do not block; no more once they hold again.

    Args:
        connection: Of the run.
        domain: ``raw``, or a domain of marts.
        result: What the gate found.
    """
    condition = f"quality:{domain}"
    if result.warnings:
        raise_alert(
            connection,
            condition,
            "warning",
            "; ".join(result.warnings),
            {"warnings": list(result.warnings)},
        )
    else:
        resolve_alert(connection, condition)
