"""The gates: new events before they are built from, candidates before they are published."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from expectations import history, site, suites
from expectations.offences import suspects
from expectations.results import GateResult, store
from expectations.suites import Horizon, Suite, raw
from warehouse.connections import Connection, connect
from warehouse.settings import Settings

logger = logging.getLogger(__name__)


def check_loads(settings: Settings, run_id: int) -> GateResult:
    """Check the events of the loads that a run has claimed.

    Args:
        settings: Of this process.
        run_id: The core run.

    Returns:
        What was found; without results, and passed, where the run has claimed no load.

    Raises:
        psycopg.OperationalError: Postgres is away.
    """
    with connect(settings.require("transform_dsn"), name="footfall gate") as connection:
        claimed = _claimed(connection, run_id)
    if claimed is None:
        return GateResult()
    chosen = raw.suites(settings, claimed)
    result = _check(settings, run_id, chosen)
    if result.passed:
        return result
    with connect(settings.require("transform_dsn"), name="footfall gate") as connection:
        return replace(result, suspects=suspects(connection, chosen, result.results))


def check_candidates(settings: Settings, domain: str, run_id: int) -> GateResult:
    """Check what a run has built of a domain, before it is published.

    Args:
        settings: Of this process.
        domain: Domain of marts.
        run_id: The domain's run.

    Returns:
        What was found. Marts without a candidate are left out, as are domains without a suite.

    Raises:
        psycopg.OperationalError: Postgres is away.
    """
    wanted = suites.of_domain(domain, Horizon.of(settings))
    with connect(settings.require("transform_dsn"), name="footfall gate") as connection:
        existing = _existing(connection, set().union(*(suite.relations for suite in wanted)))
    given = [suite.given(existing) for suite in wanted]
    return _check(settings, run_id, [suite for suite in given if suite is not None])


def check_history(settings: Settings, now: datetime) -> GateResult:
    """Hold the present against the last weeks.

    Args:
        settings: Of this process.
        now: The moment that is looked at.

    Returns:
        What was found; nothing of it blocks.

    Raises:
        psycopg.OperationalError: Postgres is away.
    """
    return _check(settings, None, history.suites(now))


def _check(settings: Settings, run_id: int | None, chosen: Sequence[Suite]) -> GateResult:
    if not chosen:
        return GateResult()
    from expectations.validation import validate

    dsn = settings.require("transform_dsn")
    validation = validate(
        chosen,
        dsn=dsn,
        name="history" if run_id is None else f"run-{run_id}",
    )
    with connect(dsn, name="footfall gate") as connection:
        store(connection, run_id, validation.results)
    domains = suites.by_domain(Horizon.of(settings)).values()
    known = {suite.name for domain in domains for suite in domain}
    try:
        site.publish(
            validation,
            settings.home,
            {raw.EVENTS, raw.LOADS, history.HOURS, history.FIELDS, *known},
        )
    except Exception:
        # the verdict stands, whatever becomes of the pages that show it
        logger.exception("the Data Docs could not be written")
    return GateResult(tuple(validation.results))


def _claimed(connection: Connection, run_id: int) -> raw.Claimed | None:
    row = connection.execute(
        "select min(first_received_at), max(last_received_at) from raw.loads"
        " where run_id = %s and state = 'claimed' and state <> 'settled' and stored > 0",
        (run_id,),
    ).fetchone()
    return None if row is None or row[0] is None else raw.Claimed(run_id, row[0], row[1])


def _existing(connection: Connection, relations: Iterable[str]) -> set[str]:
    rows = connection.execute(
        "select name from unnest(%s::text[]) as name where to_regclass(name) is not null",
        (sorted(relations),),
    )
    return {row[0] for row in rows}
