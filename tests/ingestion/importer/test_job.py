from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.client import EventSender
from ingestion.importer.job import ImportJob, TooManyProblemsError, open_source
from ingestion.importer.readers.text import ROWS_AT_ONCE
from ingestion.importer.rows import UnreadableFileError
from ingestion.importer.schema import MappingError
from pipeline.retention.archive import archive_events
from pipeline.retention.rules import EventClass
from tests.conftest import Warehouse
from tests.ingestion.importer.conftest import MakeJob
from tests.servers import RunningIngestion
from warehouse.connections import connect
from warehouse.errors import OperatorError
from warehouse.roles import Role

PURCHASES = """
select count(*) from raw.events
where (source, category, event_type) = ('test', 'product', 'purchase')
    and received_at >= date_trunc('day', now(), 'UTC')
"""
ARCHIVED = (
    "select event_id, visitor_id, category, event_type, user_id, entity_type, entity_id, value,"
    " currency, occurred_at, context, properties from raw.events where user_id = 'archived'"
)


def write(path: Path, visitor: str, events: Iterable[str]) -> Path:
    """Write a file of visits, one a minute, from noon."""
    rows = [
        f"2024-03-01T{12 + minute // 60 % 12:02}:{minute % 60:02}:00.{minute:06}Z,{event},{visitor}"
        for minute, event in enumerate(events)
    ]
    path.write_text("\n".join(["time,event,visitor", *rows]) + "\n")
    return path


def stored(warehouse: Warehouse, visitor: str) -> list[tuple[Any, ...]]:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        return connection.execute(
            "select category || '/' || event_type, occurred_at::date::text, count(*)"
            " from raw.events where visitor_id = %s group by 1, 2 order by 1, 2",
            (visitor,),
        ).fetchall()


class Interrupted(Exception):  # noqa: N818
    """Stands for whatever ends an import before its time."""


def interrupt(job: ImportJob, after: int) -> None:
    def on_sent(done: int, total: int) -> None:
        if done >= after:
            raise Interrupted

    with pytest.raises(Interrupted):
        job.run(on_sent=on_sent)


def test_rows_land_on_their_own_days_and_a_second_import_adds_nothing(
    tmp_path: Path, make_job: MakeJob, landing_warehouse: Warehouse
) -> None:
    path = write(tmp_path / "visits.csv", "again", ["seen"] * 30)

    first = make_job(path).run()
    landed = stored(landing_warehouse, "again")
    second = make_job(path).run()

    assert landed == [("user/page_view", "2024-03-01", 30)]
    assert first.verdicts["stored"] == second.verdicts["duplicate"] == 30
    assert stored(landing_warehouse, "again") == landed


def test_equal_rows_of_a_file_are_as_many_events(
    tmp_path: Path, make_job: MakeJob, landing_warehouse: Warehouse
) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("time,event,visitor\n" + "2024-03-01T12:00:00Z,seen,twin\n" * 3)
    assert make_job(path).run().verdicts["stored"] == 3
    assert make_job(path).run().verdicts["duplicate"] == 3
    assert stored(landing_warehouse, "twin") == [("user/page_view", "2024-03-01", 3)]


def test_every_row_is_accounted_for(tmp_path: Path, make_job: MakeJob) -> None:
    """Two are stored, one has no product and is quarantined, three are in the rejected report."""
    path = write(tmp_path / "visits.csv", "mixed", ["seen", "opened", "dreamt", "seen"])
    with path.open("a") as file:
        file.write("one cell\nnever,seen,mixed\n")

    job = make_job(path)
    tally = job.run()

    assert tally.is_complete()
    assert (tally.rows, tally.broken, tally.sent) == (6, 3, 3)
    assert tally.verdicts["stored"] == 2
    assert tally.verdicts["quarantined"] == 1
    (reason,) = tally.top_reasons()
    assert (reason.event, reason.code, reason.field) == (
        "product/view",
        "missing_field",
        "entity_id",
    )
    report = [json.loads(line) for line in job.state.rejected_path.read_text().splitlines()]
    assert [(row["line"], row["raw"]) for row in report] == [
        (4, "2024-03-01T12:02:00.000002Z,dreamt,mixed"),
        (6, "one cell"),
        (7, "never,seen,mixed"),
    ]


def test_an_import_that_was_cut_short_goes_on_where_it_was(
    tmp_path: Path, make_job: MakeJob, landing_warehouse: Warehouse
) -> None:
    rows = 6 * ROWS_AT_ONCE
    path = write(tmp_path / "visits.csv", "resumed", ["seen"] * (rows - 1) + ["dreamt"])
    interrupt(make_job(path), after=2 * ROWS_AT_ONCE)

    job = make_job(path)
    assert job.resumed_rows == 2 * ROWS_AT_ONCE
    tally = job.run()

    assert (tally.rows, tally.broken, tally.sent) == (rows, 1, rows - 1)
    assert tally.verdicts["stored"] + tally.verdicts["duplicate"] == rows - 1
    assert tally.verdicts["stored"] >= 2 * ROWS_AT_ONCE
    assert stored(landing_warehouse, "resumed") == [("user/page_view", "2024-03-01", rows - 1)]
    assert len(job.state.rejected_path.read_text().splitlines()) == 1


def test_a_restart_ignores_what_an_earlier_import_has_done(
    tmp_path: Path, make_job: MakeJob
) -> None:
    path = write(tmp_path / "visits.csv", "restarted", ["seen"] * (2 * ROWS_AT_ONCE))
    interrupt(make_job(path), after=ROWS_AT_ONCE)
    job = make_job(path, restart=True)
    assert job.resumed_rows == 0
    assert job.run().rows == 2 * ROWS_AT_ONCE


def test_an_import_whose_state_is_lost_still_counts_everything_once(
    tmp_path: Path, make_job: MakeJob, landing_warehouse: Warehouse
) -> None:
    path = write(tmp_path / "visits.csv", "lost", ["seen"] * (2 * ROWS_AT_ONCE))
    interrupt(make_job(path), after=ROWS_AT_ONCE)
    for state in (tmp_path / "home" / "imports").glob("*.json"):
        state.write_text("{")
    make_job(path).run()
    assert stored(landing_warehouse, "lost") == [("user/page_view", "2024-03-01", 2 * ROWS_AT_ONCE)]


def test_an_import_stops_where_too_much_of_it_cannot_be_used(
    tmp_path: Path, make_job: MakeJob
) -> None:
    path = write(tmp_path / "visits.csv", "hopeless", ["dreamt"] * (8 * ROWS_AT_ONCE))
    job = make_job(path)
    with pytest.raises(TooManyProblemsError, match="cannot be used, more than the limit of 10"):
        job.run(problem_limit=10)
    assert job.tally.rows < 8 * ROWS_AT_ONCE


def test_a_file_that_is_damaged_is_not_imported_in_part(
    tmp_path: Path, make_job: MakeJob, landing_warehouse: Warehouse
) -> None:
    import gzip

    path = write(tmp_path / "visits.csv", "damaged", ["seen"] * 5_000)
    path.write_bytes(gzip.compress(path.read_bytes())[:-20])
    with pytest.raises(UnreadableFileError, match="cut short"):
        make_job(path).run()
    assert stored(landing_warehouse, "damaged") == []


def test_events_that_are_canonical_already_keep_their_ids_and_content(
    tmp_path: Path, make_job: MakeJob, landing_warehouse: Warehouse
) -> None:
    event = {
        "event_id": "0198b1f0-7a2e-7c44-9d57-2f8a4b1c6e90",
        "category": "product",
        "event_type": "purchase",
        "user_id": "canonical",
        "entity_id": "p-1",
        "value": 59.98,
        "currency": "EUR",
        "quantity": 2,
        "occurred_at": 1_709_294_400_000,
        "context": {"channel": "email"},
        "properties": {"price": 29.99, "tags": ["a"]},
    }
    path = tmp_path / "events.jsonl"
    path.write_bytes(msgspec.json.encode(event) + b"\n")

    assert make_job(path, "jsonl", None).run().verdicts["stored"] == 1

    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        row = connection.execute(
            "select event_id::text, value::text, occurred_at::date::text, context, properties"
            " from raw.events where user_id = 'canonical'"
        ).fetchone()
    assert row == (event["event_id"], "59.98", "2024-03-01", event["context"], event["properties"])


def test_parquet_is_imported_like_any_other_table(
    tmp_path: Path, make_job: MakeJob, landing_warehouse: Warehouse
) -> None:
    path = tmp_path / "visits.parquet"
    columns = {"time": ["2024-03-01T12:00:00Z"] * 2, "event": ["seen"] * 2, "visitor": ["pq"] * 2}
    pq.write_table(pa.table(columns), path)
    assert make_job(path, "parquet").run().verdicts["stored"] == 2
    assert make_job(path, "parquet").run().verdicts["duplicate"] == 2
    assert stored(landing_warehouse, "pq") == [("user/page_view", "2024-03-01", 2)]


def test_a_mapping_that_uses_a_column_which_the_file_lacks_is_refused(
    tmp_path: Path, visits: str
) -> None:
    path = tmp_path / "other.csv"
    path.write_text("time,event\n")
    with pytest.raises(MappingError, match="has no column visitor, which mapping visits uses"):
        open_source(path, "csv", visits)


def test_a_mapping_for_another_format_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "visits.csv", "x", [])
    with pytest.raises(MappingError, match="is for the format combined, not csv"):
        open_source(path, "csv", "combined")


def test_the_same_file_for_another_source_is_other_events(
    tmp_path: Path, sender: EventSender, visits: str
) -> None:
    path = write(tmp_path / "visits.csv", "two-servers", ["seen"] * 5)
    for name in ("web-1", "web-2"):
        source = open_source(path, "csv", visits, source=name)
        assert ImportJob(source, sender, tmp_path).run().verdicts["stored"] == 5


def test_an_archive_of_retention_is_read_back_and_counts_nothing_twice(
    tmp_path: Path, ingestion: RunningIngestion, make_job: MakeJob, landing_warehouse: Warehouse
) -> None:
    sent = {
        "category": "product",
        "event_type": "purchase",
        "event_id": "01939d2c-8a00-7000-8000-0000000000aa",
        "user_id": "archived",
        "entity_id": "1003461",
        "value": "0.10",
        "currency": "EUR",
        "context": {"page_path": "/a"},
        "properties": {"price": 0.1, "product_name": "Flask"},
    }
    assert ingestion.statuses(sent) == ["stored"]
    purchase = EventClass("test", "product", "purchase")
    with connect(landing_warehouse.dsn(Role.TRANSFORM), autocommit=True) as connection:
        today = dt.datetime.now(dt.UTC).date()
        row = connection.execute(PURCHASES).fetchone()  # other tests have landed some, too
        assert row is not None
        [held] = row
        path = archive_events(connection, tmp_path / "archive", today, [purchase], expected=held)
    job = make_job(path, "parquet", None)
    job.run()
    assert (job.tally.rows, job.tally.verdicts["duplicate"]) == (held, held)

    with connect(landing_warehouse.superuser_dsn) as connection:  # as in a new warehouse
        before = connection.execute(ARCHIVED).fetchall()
        connection.execute("delete from raw.event_ids where event_id = %s", (sent["event_id"],))
        connection.execute("delete from raw.events where event_id = %s", (sent["event_id"],))
    job = make_job(path, "parquet", None, restart=True)
    job.run()
    assert (job.tally.rows, job.tally.verdicts["stored"]) == (held, 1)
    with connect(landing_warehouse.superuser_dsn) as connection:
        assert connection.execute(ARCHIVED).fetchall() == before


def test_an_archive_that_lacks_events_keeps_all_of_them(
    tmp_path: Path, landing_warehouse: Warehouse
) -> None:
    with (
        connect(landing_warehouse.dsn(Role.TRANSFORM), autocommit=True) as connection,
        pytest.raises(OperatorError, match="holds 0 events and not 7: nothing was removed"),
    ):
        archive_events(
            connection, tmp_path, dt.date(2020, 1, 1), [EventClass("a", "b", "c")], expected=7
        )
    assert list(tmp_path.glob("*.parquet")) == []
