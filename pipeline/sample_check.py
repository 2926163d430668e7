"""Checks on a sample that what runs have built is what a full refresh would build.

A random sample of settled loads is built again from raw. Where all is well no row of any mart
changes; what does change was wrong, is right from then on, and raises an alert.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.alerts import raise_alert, resolve_alert
from pipeline.runs import Gates, Notify, RunReport, rebuild_sample
from warehouse.connections import connect
from warehouse.settings import Settings

CONDITION = "sample:marts"
SAMPLED_LOADS = 20
# counts the results of checks, of which each run adds some
FOLLOWS_MORE_THAN_LOADS = frozenset({"data_quality_daily"})


@dataclass(frozen=True)
class SampleReport:
    """What a sample check found.

    Attributes:
        current: What was brought up to date before.
        rebuilt: What was built again; empty where there was nothing to sample.
        differences: Rows that were not what they should have been, by mart.
    """

    current: RunReport
    rebuilt: RunReport
    differences: dict[str, int]

    def raise_for_state(self) -> None:
        """Raise where a domain failed or was held; differences are an alert, and no failure.

        Raises:
            RunFailedError: With the reason of each.
        """
        self.current.raise_for_state()
        self.rebuilt.raise_for_state()


def check_sample(
    settings: Settings,
    *,
    trigger: str,
    notify: Notify = lambda step: None,
    gates: Gates | None = None,
) -> SampleReport:
    """Build a sample of what is built already again, and alert where that changes anything.

    Args:
        settings: Of this process.
        trigger: Who asked, for ``ops.runs``.
        notify: Told of each step as it begins.
        gates: Other gates than the expectations.

    Returns:
        What was found.
    """
    current, rebuilt = rebuild_sample(
        SAMPLED_LOADS, settings=settings, trigger=trigger, notify=notify, gates=gates
    )
    differences = {
        mart: rows
        for domain in rebuilt.domains[1:]
        for mart, rows in domain.rows.items()
        if rows and mart not in FOLLOWS_MORE_THAN_LOADS
    }
    with connect(settings.require("transform_dsn"), name="footfall sample") as connection:
        if differences:
            listed = ", ".join(f"{rows:,} of {mart}" for mart, rows in differences.items())
            raise_alert(
                connection,
                CONDITION,
                "critical",
                f"rows were not what a full refresh builds, and have been mended: {listed}. "
                "Others may be wrong too: run `footfall run all --full-refresh`",
                {"differences": differences},
            )
        elif rebuilt.is_success and rebuilt.domains:
            resolve_alert(connection, CONDITION)
    return SampleReport(current, rebuilt, differences)
