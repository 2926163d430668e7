"""One run: claim the new loads, gate them, build what they touch, gate that, publish, settle.

Every run begins with the core, which is built under an exclusive lock. The domains of marts follow,
each under a lock of its own and while no core is built. A run that dies leaves no lock behind, and
what it had claimed goes to the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline import loads, reopening, run_ledger
from pipeline.alerts import raise_alert, resolve_alert
from pipeline.dbt import DbtError, dbt_project
from pipeline.domains import CORE, mart_domains, resolve
from pipeline.holding import GateResult, hold_or_admit, warn_of_quality
from pipeline.locks import lock
from pipeline.partitions import keep_partitions
from pipeline.publish import publish
from pipeline.reopening import Days
from warehouse.connections import Connection, connect
from warehouse.errors import OperatorError
from warehouse.settings import Settings

Notify = Callable[[str], None]
MOST_EVENTS_OF_A_SAMPLED_LOAD = 20_000


class RunFailedError(OperatorError):
    """A run failed or was held back; the marts are as they were. The message says why."""


class Gates(Protocol):
    """What stands between raw events and marts; ``expectations.gate`` unless told otherwise."""

    def check_loads(self, settings: Settings, run_id: int) -> GateResult:
        """Check the events of the loads that a run has claimed."""

    def check_candidates(self, settings: Settings, domain: str, run_id: int) -> GateResult:
        """Check the candidates of a domain's marts."""


@dataclass(frozen=True)
class DomainReport:
    """What became of one domain in a run.

    Attributes:
        domain: ``core``, or a domain of marts.
        state: ``succeeded``, ``held``, ``failed``, or ``current`` where there was nothing to do.
        run_id: Its row in ``ops.runs``; None where there was nothing to do.
        seconds: Wall-clock time.
        rows: Rows of events built into the core, or written to each mart.
        reason: Why it was held or failed.
    """

    domain: str
    state: str
    run_id: int | None = None
    seconds: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class RunReport:
    """What a run did, domain by domain, the core first."""

    domains: tuple[DomainReport, ...]

    @property
    def is_success(self) -> bool:
        """Whether every domain is current."""
        return all(report.state in ("succeeded", "current") for report in self.domains)

    def raise_for_state(self) -> None:
        """Raise where a domain failed or was held.

        Raises:
            RunFailedError: With the reason of each.
        """
        if not self.is_success:
            raise RunFailedError(
                "; ".join(
                    f"{report.domain} {report.state}: {report.reason}"
                    for report in self.domains
                    if report.state in ("held", "failed")
                )
            )


def run(
    domains: Sequence[str],
    *,
    settings: Settings,
    trigger: str,
    full_refresh: bool = False,
    days: Days | None = None,
    notify: Notify = lambda step: None,
    gates: Gates | None = None,
) -> RunReport:
    """Bring domains up to date with what has landed.

    Args:
        domains: Domains of marts, ``core`` or ``all``.
        settings: Of this process.
        trigger: Who asked, for ``ops.runs``.
        full_refresh: Build everything anew from raw.
        days: Build anew whatever the events of these days touch.
        notify: Told of each step as it begins.
        gates: Other gates than the expectations.

    Returns:
        What was done. Call :meth:`RunReport.raise_for_state` to turn a failure into an exception.

    Raises:
        UnknownDomainError: There is no such domain.
        LockTimeoutError: Another run did not end in time.
        psycopg.OperationalError: Postgres is away.
    """
    one = _Run(settings, trigger, notify, gates, full_refresh=full_refresh, days=days)
    return one.of(resolve(domains))


def rebuild_sample(
    number: int,
    *,
    settings: Settings,
    trigger: str,
    notify: Notify = lambda step: None,
    gates: Gates | None = None,
) -> tuple[RunReport, RunReport]:
    """Bring everything up to date, and then build what a random sample of loads touches again.

    Nothing else is built meanwhile, so that the rows which the second report says were written are
    those that were not what they should have been.

    Args:
        number: Loads in the sample, at most.
        settings: Of this process.
        trigger: Who asked, for ``ops.runs``.
        notify: Told of each step as it begins.
        gates: Other gates than the expectations.

    Returns:
        What was brought up to date, and what was built again; the second is empty where the first
        failed or there is nothing to sample.

    Raises:
        LockTimeoutError: Another run did not end in time.
        psycopg.OperationalError: Postgres is away.
    """
    return _Run(settings, trigger, notify, gates).of_sample(number)


class _Run:
    def __init__(
        self,
        settings: Settings,
        trigger: str,
        notify: Notify,
        gates: Gates | None,
        *,
        full_refresh: bool = False,
        days: Days | None = None,
    ) -> None:
        self.settings = settings
        self.dsn = settings.require("transform_dsn")
        self.trigger = trigger
        self.full_refresh = full_refresh
        self.days = days
        self.notify = notify
        self.given_gates = gates
        self.dbt = dbt_project(settings)

    @property
    def gates(self) -> Gates:
        if self.given_gates is not None:
            return self.given_gates
        # imported when there is something to check: it takes seconds
        from expectations import gate

        return gate

    def of(self, domains: Sequence[str]) -> RunReport:
        with lock(self.dsn, CORE), connect(self.dsn, autocommit=True, name="footfall run") as db:
            reports = [self.build_core(db)]
        if reports[0].state != "failed":
            for domain in domains:
                with (
                    lock(self.dsn, CORE, shared=True),
                    lock(self.dsn, domain),
                    connect(self.dsn, autocommit=True, name=f"footfall run {domain}") as db,
                ):
                    reports.append(self.build_marts(db, domain))
        return RunReport(tuple(reports))

    def of_sample(self, number: int) -> tuple[RunReport, RunReport]:
        # the core lock is held throughout, so that no other run publishes what the sample touches
        with lock(self.dsn, CORE), connect(self.dsn, autocommit=True, name="footfall sample") as db:
            current = RunReport((self.build_core(db), *self.build_all_marts(db)))
            chosen = reopening.sample_of_loads(db, number, MOST_EVENTS_OF_A_SAMPLED_LOAD)
            if not current.is_success or not chosen:
                return current, RunReport(())
            started = time.monotonic()
            settled_run = run_ledger.core_state(db).settled_run
            run_id = self.open(db, CORE, False)
            loads.reopen(db, chosen, run_id)
            core = self._build_admitted(db, run_id, settled_run, started, again=True)
            marts = self.build_all_marts(db) if core.state == "succeeded" else []
            return current, RunReport((core, *marts))

    def build_all_marts(self, db: Connection) -> list[DomainReport]:
        reports = []
        for domain in mart_domains():
            with lock(self.dsn, domain):
                reports.append(self.build_marts(db, domain))
        return reports

    def build_core(self, db: Connection) -> DomainReport:
        started = time.monotonic()
        keep_partitions(db, days_ahead=self.settings.partitions_ahead_days)
        run_ledger.bury_dead_runs(db, CORE)
        if self.days is not None:
            chosen = reopening.loads_of_days(db, self.days, self.settings.reporting_timezone)
            opened = loads.reopen(db, chosen)
            self.notify(f"core: {opened.loads:,} loads of {opened.events:,} events opened again")
        state = run_ledger.core_state(db)
        full = self.full_refresh or state.owes_full_refresh
        if not full and not loads.are_waiting(db):
            return DomainReport(CORE, "current")

        run_id = self.open(db, CORE, full)
        held = self._gate_loads(db, run_id)
        scope = loads.admitted(db, run_id)
        if not full and scope.loads == 0:
            reason = held or "not all events of the waiting loads can be seen yet"
            run_ledger.close_run(db, run_id, "held", reason=reason)
            return DomainReport(
                CORE, "held" if held else "current", run_id, time.monotonic() - started, {}, held
            )

        return self._build_admitted(
            db,
            run_id,
            state.settled_run,
            started,
            full=full,
            again=self.days is not None,
            held=held,
        )

    def _build_admitted(
        self,
        db: Connection,
        run_id: int,
        settled_run: int,
        started: float,
        *,
        full: bool = False,
        again: bool = False,
        held: str | None = None,
    ) -> DomainReport:
        # built again, a load shall touch the marts even where the core turns out to be as it was
        scope = loads.admitted(db, run_id)
        self.notify(f"core: building {scope.events:,} events of {scope.loads:,} loads")
        try:
            self.dbt.build(
                CORE,
                variables={
                    "run_id": run_id,
                    "published_run_id": settled_run,
                    "touch_unchanged": again,
                },
                full_refresh=full,
            )
        except DbtError as error:
            return self._fail(db, CORE, run_id, started, error)
        with db.transaction():
            loads.settle(db, run_id)
            run_ledger.close_run(db, run_id, "succeeded", loads=scope.loads, events=scope.events)
            resolve_alert(db, f"run:{CORE}")
            if not loads.are_held(db):
                resolve_alert(db, "gate:raw")
        return DomainReport(
            CORE,
            "held" if held else "succeeded",
            run_id,
            time.monotonic() - started,
            {"events": scope.events},
            held,
        )

    def build_marts(self, db: Connection, domain: str) -> DomainReport:
        started = time.monotonic()
        run_ledger.bury_dead_runs(db, domain)
        core = run_ledger.core_state(db)
        if not core.is_consistent:
            return DomainReport(domain, "failed", reason="the core is not complete; run it again")
        published = run_ledger.published_run(db, domain)
        full = self.full_refresh or published is None or core.full_run > published
        if not full and published == core.settled_run:
            return DomainReport(domain, "current")
        if core.settled_run == 0:
            return DomainReport(domain, "current")

        run_id = self.open(db, domain, full)
        self.notify(f"{domain}: building {'everything' if full else 'what was touched'}")
        try:
            self.dbt.build(
                domain, variables={"published_run_id": published or 0}, full_refresh=full
            )
        except DbtError as error:
            return self._fail(db, domain, run_id, started, error)
        self.notify(f"{domain}: checking the candidates")
        refused = self._gate_candidates(db, domain, run_id)
        if refused:
            run_ledger.close_run(db, run_id, "held", reason=refused)
            return DomainReport(domain, "held", run_id, time.monotonic() - started, reason=refused)
        with db.transaction():
            rows = publish(db, self.dbt.marts(domain))
            run_ledger.record_publication(db, domain, core.settled_run)
            run_ledger.forget_published_touches(db)
            run_ledger.close_run(db, run_id, "succeeded", rows=rows)
            resolve_alert(db, f"run:{domain}")
        return DomainReport(domain, "succeeded", run_id, time.monotonic() - started, rows)

    def open(self, db: Connection, domain: str, full: bool) -> int:
        return run_ledger.open_run(db, domain, trigger=self.trigger, is_full_refresh=full)

    def _gate_loads(self, db: Connection, run_id: int) -> str | None:
        with db.transaction():
            claimed = loads.claim(db, run_id)
        if claimed.loads == 0:
            return None
        self.notify(f"core: checking {claimed.events:,} new events of {claimed.loads:,} loads")
        result = self.gates.check_loads(self.settings, run_id)
        with db.transaction():
            return hold_or_admit(db, run_id, claimed, result)

    def _gate_candidates(self, db: Connection, domain: str, run_id: int) -> str | None:
        result = self.gates.check_candidates(self.settings, domain, run_id)
        condition = f"gate:{domain}"
        warn_of_quality(db, domain, result)
        if result.passed:
            resolve_alert(db, condition)
            return None
        reason = "; ".join(result.failures)
        raise_alert(
            db,
            condition,
            "critical",
            f"the marts of {domain} were not published: {reason}",
            {"run_id": run_id, "failures": list(result.failures)},
        )
        return reason

    def _fail(
        self, db: Connection, domain: str, run_id: int, started: float, error: DbtError
    ) -> DomainReport:
        reason = str(error)
        with db.transaction():
            run_ledger.close_run(db, run_id, "failed", reason=reason)
            raise_alert(
                db, f"run:{domain}", "critical", f"{domain} failed: {reason}", {"run_id": run_id}
            )
        return DomainReport(domain, "failed", run_id, time.monotonic() - started, reason=reason)
