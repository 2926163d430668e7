"""What the warehouse's runs cost, and how that grows: ``python -m bench.warehouse``.

For each size of history a year of simulated events is landed by COPY. Then, in one process, there
are measured

- a full refresh of everything;
- a run over 20,000 new events of today, the same with 1 % of them spread over the year before, and
  a run that finds nothing new;
- thirty questions of dashboards on the marts;
- the limit: the daily, user and product figures by one hand-written statement each over raw.

Runs include the quality gates, as they do in operation; their share is shown. Pages are those of
8 kB that Postgres looked at: they tell what a run costs where the clock also tells what else the
machine did.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench._by_hand import make_by_hand
from bench._dashboards import Asked, ask_all
from bench._history import History
from bench._measure import Cost, Gauge
from bench._servers import dsn_of, postgres
from expectations import gate
from expectations.results import GateResult
from pipeline.dbt import dbt_project
from pipeline.domains import CORE
from pipeline.runs import RunReport, run
from stack.progress import Progress
from stack.row_progress import progress_bar
from warehouse.roles import Role
from warehouse.settings import Settings, load_settings

_SIZES = [1_000_000, 10_000_000]
_LATE = 0.01
FULL, TODAY, SPREAD, EMPTY = "full refresh", "new events today", "1 % on old days", "nothing new"
# Reach: how many times the smaller history's cost; then seconds, and milliseconds of dashboards.
_GROWTH, _TODAY_SECONDS, _EMPTY_SECONDS, _BY_HAND, _DASHBOARD_MS = 1.3, 10, 2, 3, 50
_BY_HAND_DOMAINS = (CORE, "daily", "user", "product")


@dataclass
class Figures:
    """What came out for one size of history.

    Attributes:
        events: Size of the history.
        runs: What each run cost.
        checks: Seconds of each run's gates.
        domains: Seconds of the full refresh, by domain, without its gates.
        by_hand: Seconds of each hand-written statement.
        dashboards: What was asked of the marts, slowest last.
        peak_bytes: The most memory that Postgres and the runs took together.
    """

    events: int
    runs: dict[str, Cost] = field(default_factory=dict)
    checks: dict[str, float] = field(default_factory=dict)
    domains: dict[str, float] = field(default_factory=dict)
    by_hand: dict[str, float] = field(default_factory=dict)
    dashboards: list[Asked] = field(default_factory=list)
    peak_bytes: int = 0

    @property
    def p95(self) -> Asked:
        """The question that one in twenty takes longer than."""
        return self.dashboards[len(self.dashboards) * 95 // 100 - 1]


class TimedGates:
    """The quality gates, with the time that they take."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def check_loads(self, settings: Settings, run_id: int) -> GateResult:
        """Check new events, as :func:`expectations.gate.check_loads` does."""
        started = time.perf_counter()
        result = gate.check_loads(settings, run_id)
        self.seconds[CORE] = time.perf_counter() - started
        return result

    def check_candidates(self, settings: Settings, domain: str, run_id: int) -> GateResult:
        """Check candidates, as :func:`expectations.gate.check_candidates` does."""
        started = time.perf_counter()
        result = gate.check_candidates(settings, domain, run_id)
        self.seconds[domain] = time.perf_counter() - started
        return result


def main(
    sizes: Annotated[
        list[int] | None,
        typer.Option("--events", min=1_000, help="Events in a history; several times: several."),
    ] = None,
    new: Annotated[int, typer.Option(min=100, help="New events of a run.")] = 20_000,
) -> None:
    """Measure, and print."""
    console = Console(width=110, highlight=False)
    with tempfile.TemporaryDirectory(prefix="footfall-bench-") as name:
        Path(name).chmod(0o711)
        measured = [
            _measure(events, new, Path(name) / str(events), console)
            for events in sorted(sizes or _SIZES)
        ]
    _print(measured, new, console)


def _measure(events: int, new: int, directory: Path, console: Console) -> Figures:
    progress = Progress(console)
    figures = Figures(events)
    with postgres(directory) as owner:
        gauge = Gauge(owner)
        history = History(owner, events, dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1))
        settings = load_settings().model_copy(
            update={
                "transform_dsn": dsn_of(owner, Role.TRANSFORM),
                "home": directory / "home",
                # as the statements by hand have it
                "reporting_timezone": "UTC",
                "session_timeout_minutes": 30,
                "stitch_backwards": True,
            }
        )
        with progress_bar(console, "landing", "events") as notify:
            history.land(notify)
        dbt_project(settings).marts(CORE)  # parsed, as in a process that has run before
        with gauge.watching_memory():
            _run(FULL, settings, figures, gauge, progress)
            history.land_today(new, seed=2)
            _run(TODAY, settings, figures, gauge, progress)
            history.land_today(new, seed=3, late=_LATE)
            _run(SPREAD, settings, figures, gauge, progress)
            _run(EMPTY, settings, figures, gauge, progress)
        figures.peak_bytes = gauge.peak_bytes
        with progress.step("dashboards"):
            figures.dashboards = ask_all(dsn_of(owner, Role.READER))
        with progress.step("by hand"):
            figures.by_hand = make_by_hand(dsn_of(owner, Role.TRANSFORM))
    return figures


def _run(what: str, settings: Settings, figures: Figures, gauge: Gauge, progress: Progress) -> None:
    gates = TimedGates()
    with progress.step(f"{figures.events:,} events: {what}") as step, gauge.cost() as cost:
        report = run(
            ["all"],
            settings=settings,
            trigger="bench",
            full_refresh=what == FULL,
            notify=step.update,
            gates=gates,
        )
    report.raise_for_state()
    figures.runs[what] = cost
    figures.checks[what] = sum(gates.seconds.values())
    if what == FULL:
        figures.domains = _without_checks(report, gates)


def _without_checks(report: RunReport, gates: TimedGates) -> dict[str, float]:
    return {
        domain.domain: domain.seconds - gates.seconds.get(domain.domain, 0)
        for domain in report.domains
    }


def _print(measured: Sequence[Figures], new: int, console: Console) -> None:
    table = Table(
        "", *(f"{one.events:,} events" for one in measured), "growth", "reach",
        title=f"The warehouse's runs, on {os.cpu_count()} cores; {new:,} new events",
    )  # fmt: skip
    for what, reach in (
        (FULL, ""),
        (TODAY, f"≤ {_TODAY_SECONDS} s, growth ≤ {_GROWTH}"),
        (SPREAD, f"growth ≤ {_GROWTH}"),
        (EMPTY, f"≤ {_EMPTY_SECONDS} s"),
    ):
        costs = [one.runs[what] for one in measured]
        growth = _growth([cost.seconds for cost in costs])
        table.add_row(what, *(f"{cost.seconds:,.2f} s" for cost in costs), growth, reach)
        checks = [f"{one.checks[what]:,.2f} s" for one in measured]
        table.add_row("  of it in the gates", *checks, "", "")
        pages = [cost.pages for cost in costs]
        table.add_row("  pages", *(f"{count / 1e3:,.0f} k" for count in pages), _growth(pages), "")
    for domain in measured[0].domains:
        seconds = [one.domains[domain] for one in measured]
        row = (f"full refresh of {domain}, no gates", *(f"{one:,.1f} s" for one in seconds))
        table.add_row(*row, _growth(seconds), "")
    for name in measured[0].by_hand:
        row = (f"by hand: {name}", *(f"{one.by_hand[name]:,.1f} s" for one in measured))
        table.add_row(*row, "", "")
    ratios = [
        sum(one.domains[domain] for domain in _BY_HAND_DOMAINS) / sum(one.by_hand.values())
        for one in measured
    ]
    row = ("core, daily, user, product / by hand", *(f"{ratio:.1f}" for ratio in ratios))
    table.add_row(*row, "", f"≤ {_BY_HAND}")
    row = ("dashboards, p95", *(f"{one.p95.milliseconds:,.1f} ms" for one in measured))
    table.add_row(*row, "", f"≤ {_DASHBOARD_MS} ms")
    row = ("  slowest", *(f"{one.dashboards[-1].milliseconds:,.1f} ms" for one in measured))
    table.add_row(*row, "", "")
    memory = [f"{one.peak_bytes / 1e6:,.0f} MB" for one in measured]
    table.add_row("memory at most, with Postgres", *memory, "", "")
    temporary = [f"{one.runs[FULL].temporary / 1e6:,.0f} MB" for one in measured]
    table.add_row("temporary files of the full refresh", *temporary, "", "")
    console.print(table)
    for one in measured:
        slow = ", ".join(
            f"{asked.name} {asked.milliseconds:,.1f} ms" for asked in one.dashboards[-3:]
        )
        console.print(f"slowest dashboards at {one.events:,}: {slow}")


def _growth(values: Sequence[float]) -> str:
    return f"{values[-1] / values[0]:.2f}" if len(values) > 1 and values[0] else ""


if __name__ == "__main__":
    typer.run(main)
