"""Writes reports, and keeps them in ``ops.reports`` where people list and read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from psycopg.rows import class_row

from pipeline.reports import community, geo, platform
from pipeline.reports.contents import Period, Report
from pipeline.reports.rendering import as_csv, as_html, as_json
from warehouse.connections import Connection, connect
from warehouse.errors import OperatorError
from warehouse.settings import Settings

Notify = Callable[[str], None]
Form = Literal["html", "json", "csv"]
FORMS: tuple[Form, ...] = ("html", "json", "csv")
_COLUMNS = "report_id, kind, subject, title, first_day, last_day, created_at"


class UnknownReportError(OperatorError):
    """There is no such report, or no such kind; the message says what there is."""


class Entry(NamedTuple):
    """A report of the archive, without its contents.

    Attributes:
        report_id: Its row in ``ops.reports``.
        kind: ``platform``, ``community`` or ``geo``.
        subject: What it is about, where there is one of the kind for each of many things.
        title: Its heading.
        first_day: First day of its period.
        last_day: Last day of its period.
        created_at: When its figures were read.
    """

    report_id: int
    kind: str
    subject: str
    title: str
    first_day: dt.date
    last_day: dt.date
    created_at: dt.datetime


class _Kind(NamedTuple):
    days: int
    mart: str
    describe: Callable[[Connection, Period], Iterator[Report]]


def _platform(connection: Connection, period: Period) -> Iterator[Report]:
    yield platform.describe_platform(connection, period)


def _communities(connection: Connection, period: Period) -> Iterator[Report]:
    for one in community.communities_of(connection, period):
        yield community.describe_community(connection, period, one)


def _geo(connection: Connection, period: Period) -> Iterator[Report]:
    yield geo.describe_geo(connection, period)


KINDS: Mapping[str, _Kind] = {
    platform.KIND: _Kind(platform.DAYS, "daily_analytics", _platform),
    community.KIND: _Kind(community.DAYS, "community_daily", _communities),
    geo.KIND: _Kind(geo.DAYS, "geo_effectiveness", _geo),
}


def generate(
    kind: str,
    settings: Settings,
    *,
    last_day: dt.date | None = None,
    notify: Notify = lambda step: None,
) -> list[Entry]:
    """Write the reports of a kind, and put them into the archive.

    A report on the same period that is there already is replaced.

    Args:
        kind: ``platform``, ``community`` or ``geo``.
        settings: Of this process.
        last_day: Last day of the period; yesterday where None.
        notify: Told of each report that was written.

    Returns:
        What was written; nothing where the mart has not been built or nothing happened.

    Raises:
        UnknownReportError: There is no such kind.
        psycopg.OperationalError: Postgres is away.
    """
    chosen = KINDS.get(kind)
    if chosen is None:
        raise UnknownReportError(f"unknown report {kind}: choose from {', '.join(KINDS)}")
    created_at = dt.datetime.now(dt.UTC)
    today = created_at.astimezone(ZoneInfo(settings.reporting_timezone)).date()
    period = Period.up_to(last_day or today - dt.timedelta(days=1), chosen.days)
    entries = []
    with (
        connect(settings.require("transform_dsn"), name="footfall reports") as connection,
        connect(settings.require("transform_dsn"), name="footfall archive") as archive,
    ):
        # the figures of a report are of one moment, whatever is published meanwhile
        connection.execute("set transaction isolation level repeatable read, read only")
        if not _is_anything_in(connection, chosen.mart, period):
            return []
        for report in chosen.describe(connection, period):
            entries.append(keep(archive, report, created_at))
            archive.commit()
            notify(f"{report.title}, {period.first} to {period.last}")
    return entries


def keep(connection: Connection, report: Report, created_at: dt.datetime) -> Entry:
    """Put a report into the archive, in the place of one on the same period.

    Args:
        connection: Of the pipeline.
        report: What to keep.
        created_at: When its figures were read.

    Returns:
        What the archive calls it.
    """
    forms = {
        "html": as_html(report, created_at=created_at),
        "json": as_json(report, created_at=created_at),
        "csv": as_csv(report),
    }
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        entry = cursor.execute(
            f"""
            insert into ops.reports
                (kind, subject, title, first_day, last_day, created_at, html, json, csv)
            values
                (%(kind)s, %(subject)s, %(title)s, %(first)s, %(last)s, %(created_at)s,
                %(html)s, %(json)s, %(csv)s)
            on conflict (kind, subject, last_day) do update set
                title = excluded.title,
                first_day = excluded.first_day,
                created_at = excluded.created_at,
                html = excluded.html,
                json = excluded.json,
                csv = excluded.csv
            returning {_COLUMNS}
            """.encode(),  # noqa: S608 - a constant
            {
                "kind": report.kind,
                "subject": report.subject,
                "title": report.title,
                **report.period._asdict(),
                "created_at": created_at,
                **forms,
            },
        ).fetchone()
    assert entry is not None
    return entry


def list_reports(
    connection: Connection, *, kind: str | None = None, limit: int = 100
) -> list[Entry]:
    """Return the newest reports of the archive, the newest period first.

    Args:
        connection: Of the pipeline.
        kind: Of this kind alone.
        limit: How many at most.
    """
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from ops.reports"  # noqa: S608 - a constant
            " where %s::text is null or kind = %s"
            " order by last_day desc, kind desc, subject limit %s".encode(),
            (kind, kind, limit),
        ).fetchall()


def read_report(connection: Connection, report_id: int, form: Form) -> str:
    """Return a report of the archive.

    Args:
        connection: Of the pipeline.
        report_id: Which.
        form: ``html``, ``json`` or ``csv``.

    Raises:
        UnknownReportError: There is none of this number.
    """
    row = connection.execute(
        f"select {form} from ops.reports where report_id = %s".encode(),  # noqa: S608 - a literal
        (report_id,),
    ).fetchone()
    if row is None:
        raise UnknownReportError(
            f"there is no report {report_id}: `footfall reports list` shows which there are"
        )
    return str(row[0])


def _is_anything_in(connection: Connection, mart: str, period: Period) -> bool:
    is_built = connection.execute("select to_regclass(%s) is not null", (f"marts.{mart}",))
    if is_built.fetchone() != (True,):
        return False
    found = connection.execute(
        f"select exists (select from marts.{mart}"  # noqa: S608 - a constant
        " where date between %s and %s)".encode(),
        (period.first, period.last),
    ).fetchone()
    return found == (True,)
