"""What may be wrong with the runs of the pipeline and their schedule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import psycopg

from stack.doctor.subject import Check, Problem, Subject
from warehouse.connections import connect

LONGEST_WAIT = dt.timedelta(hours=2)
LATE_BY = dt.timedelta(minutes=15)
_OUR_LOCKS = 0x666F6F74  # pipeline.locks has them in this space

_BLOCKING = """
select
    activity.pid, activity.application_name, activity.state,
    coalesce(activity.xact_start, activity.backend_start) as since,
    locks.pid is not null as holds_lock
from pg_stat_activity as activity
left join (
    select distinct pid from pg_locks
    where locktype = 'advisory' and granted and classid = %(space)s
) as locks on activity.pid = locks.pid
where
    activity.datname = current_database()
    and activity.usename = current_user
    and (
        (locks.pid is not null and activity.backend_start < %(before)s)
        or (activity.state like 'idle in transaction%%' and activity.xact_start < %(before)s)
    )
order by since
"""


def loads_move_on(subject: Subject) -> Iterator[Problem]:
    """Find loads that are held, that wait for long, or that a dead run has claimed."""
    with connect(subject.settings.require("owner_dsn"), name="footfall doctor") as connection:
        rows = connection.execute(
            """
            select
                case when state in ('claimed', 'admitted') then 'claimed' else state end,
                count(*), sum(stored), min(received_at)
            from raw.loads
            where state <> 'settled' and stored > 0
            group by 1
            """
        ).fetchall()
        running = connection.execute(
            "select exists (select from pg_locks where locktype = 'advisory' and granted"
            " and classid = %s and objid = hashtext('core')::oid and mode = 'ExclusiveLock')",
            (_OUR_LOCKS,),
        ).fetchone()
    for state, loads, events, since in rows:
        is_old = subject.now - since > LONGEST_WAIT
        told = f"{events:,} events of {loads:,} loads, the oldest of {since:%Y-%m-%d %H:%M} UTC,"
        if state == "held":
            yield Problem(
                f"{told} are held by a check that failed",
                "`footfall loads list` says why; release them, or move them into quarantine",
            )
        elif state == "claimed" and running != (True,):
            yield Problem(
                f"{told} are claimed by a run that is no more",
                "`footfall run all` takes them on; see why it ended in the log of the task",
            )
        elif state == "landed" and is_old:
            yield Problem(
                f"{told} wait for a run",
                "does the scheduler run, is a DAG paused? `footfall run all` builds them now",
            )


def nobody_blocks(subject: Subject) -> Iterator[Problem]:
    """Find connections that have held a lock of ours, or a transaction, for too long."""
    # each role is shown its own connections alone
    for field in ("owner_dsn", "transform_dsn", "ingest_dsn", "serving_dsn"):
        if getattr(subject.settings, field) is None:
            continue
        with connect(subject.settings.require(field), name="footfall doctor") as connection:
            rows = connection.execute(
                _BLOCKING, {"space": _OUR_LOCKS, "before": subject.now - LONGEST_WAIT}
            ).fetchall()
        for pid, name, state, since, holds_lock in rows:
            what = "holds a lock of the pipeline" if holds_lock else f"is {state}"
            yield Problem(
                f"Postgres process {pid} ({name or 'unnamed'}) {what} since "
                f"{since:%Y-%m-%d %H:%M} UTC",
                f"if nothing of yours is at work there: select pg_terminate_backend({pid})",
            )


def runs_succeed(subject: Subject) -> Iterator[Problem]:
    """Find domains whose last run failed, was held, or ended without a word."""
    with connect(subject.settings.require("owner_dsn"), name="footfall doctor") as connection:
        rows = connection.execute(
            """
            with last as (
                select distinct on (domain)
                    domain, state, started_at, left(detail ->> 'reason', 300) as reason
                from (select * from ops.runs order by run_id desc limit 500) as recent
                order by domain, run_id desc
            )
            select
                last.*,
                exists (
                    select from pg_locks
                    where locktype = 'advisory' and granted
                        and classid = %s and objid = hashtext(last.domain)::oid
                ) as is_alive
            from last
            where state <> 'succeeded'
            order by domain
            """,
            (_OUR_LOCKS,),
        ).fetchall()
    for domain, state, started_at, reason, is_alive in rows:
        if state == "running":
            if not is_alive:
                yield Problem(
                    f"a run of {domain} began at {started_at:%Y-%m-%d %H:%M} UTC, and ended "
                    "without a word",
                    f"`footfall run {domain}`; its log in Airflow may tell why",
                )
            continue
        yield Problem(
            f"the last run of {domain}, of {started_at:%Y-%m-%d %H:%M} UTC, {state}: {reason}",
            f"mend that, then `footfall run {domain}`",
        )


def dags_run(subject: Subject) -> Iterator[Problem]:
    """Find DAGs that cannot be read, are paused, failed, or did not run when they should have."""
    if subject.settings.airflow_dsn is None:
        return
    try:
        with connect(subject.settings.require("airflow_dsn"), name="footfall doctor") as connection:
            broken = connection.execute(
                "select filename, left(stacktrace, 2000) from import_error"
            ).fetchall()
            dags = connection.execute(
                """
                select
                    dag.dag_id, dag.is_paused, dag.next_dagrun_create_after,
                    (
                        select run.state from dag_run as run where run.dag_id = dag.dag_id
                        and run.state in ('success', 'failed') order by run.id desc limit 1
                    )
                from dag
                where not dag.is_stale
                order by dag.dag_id
                """
            ).fetchall()
    except psycopg.errors.UndefinedTable:
        yield Problem(
            "Airflow's database has no tables", "`make up`, or `footfall migrate` in containers"
        )
        return
    for file, trace in broken:
        yield Problem(f"the DAG file {file} cannot be read: {trace.splitlines()[-1]}", "mend it")
    if not dags:
        yield Problem("Airflow knows no DAG", "does airflow-dag-processor run? `footfall status`")
    for dag_id, is_paused, due, state in dags:
        if is_paused:
            yield Problem(f"the DAG {dag_id} is paused", "unpause it in Airflow's web UI")
        elif due is not None and subject.now - due > LATE_BY:
            yield Problem(
                f"the DAG {dag_id} should have run at {due:%Y-%m-%d %H:%M} UTC, and did not",
                "does airflow-scheduler run? An earlier run that goes on holds it up, too",
            )
        elif state == "failed":
            yield Problem(f"the last run of the DAG {dag_id} failed", "its log is in Airflow")


CHECKS = (
    Check("loads move on", loads_move_on, needs_database=True),
    Check("nobody blocks the pipeline", nobody_blocks, needs_database=True),
    Check("runs succeed", runs_succeed, needs_database=True),
    Check("DAGs run", dags_run, needs_database=True),
)
