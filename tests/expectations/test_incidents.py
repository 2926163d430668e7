"""The incidents that are hidden in a shop's clickstream raise alerts, and no other day does.

The file is replayed day by day: at each midnight what happened since the last one has landed, and
is held against the weeks before. A bug at checkout began on 13 April 2024 and ended on 9 May, with
44 events in all, one to four a day; a payment incident lasted from 19 May to 8 June, with 119.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from expectations import history
from ingestion.importer.ids import EventIds
from ingestion.importer.job import open_source
from pipeline.observations import observe_loads
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.rows import event, insert_load
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

FILE = "ecommerce_clickstream_2024.csv.gz"
FIRST_DAY = date(2024, 1, 4)
LAST_DAY = date(2024, 6, 29)
BUG = (date(2024, 4, 13), date(2024, 5, 9))
PAYMENTS = (date(2024, 5, 19), date(2024, 6, 8))

_FIELDS = event().keys() - {"event_id"}  # equal rows of the file have equal ids without their order
Alarms = dict[date, list[history.Sign]]


def days_of_the_file(path: Path, home: Path) -> dict[date, list[dict[str, object]]]:
    """Return the events of the file by day, as the importer's mapping makes them."""
    source = open_source(path, "csv")
    reader, translation = source.reader(), source.translation(home)
    ids = EventIds("", frozenset())
    days = defaultdict(list)
    for records in reader.records():
        for given in translation.translate(records, reader.parse(records), ids).events:
            fields = {name: given[name] for name in given if name in _FIELDS}
            occurred_at = datetime.fromisoformat(str(given["occurred_at"]))
            fields["occurred_at"] = occurred_at.replace(tzinfo=UTC)
            days[occurred_at.date()].append(fields)
    return days


@pytest.fixture(scope="module")
def alarms(
    postgres: EmbeddedPostgres, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Alarms:
    warehouse: Warehouse = new_warehouse(postgres)
    settings = Settings(transform_dsn=warehouse.dsn(Role.TRANSFORM))
    days = days_of_the_file(shared_data / FILE, tmp_path_factory.mktemp("home"))
    found: Alarms = {}
    with (
        connect(warehouse.dsn(Role.OWNER), autocommit=True) as owner,
        connect(warehouse.dsn(Role.TRANSFORM), autocommit=True) as connection,
    ):
        for number in range((LAST_DAY - FIRST_DAY).days + 1):
            day = FIRST_DAY + timedelta(days=number)
            if days[day]:
                with owner.transaction():
                    insert_load(owner, days[day])
                observe_loads(settings)
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
            signs = history.look(connection, history.watches(midnight), midnight)
            if signs:
                found[day] = signs
    return found


def test_the_bug_at_checkout_is_told_of_on_its_second_day(alarms: Alarms) -> None:
    [sign] = alarms[date(2024, 4, 14)]
    assert (sign.kind, sign.subject) == ("unusual_activity", "system/error: checkout_bug")
    assert "3 system/error: checkout_bug in the last 24 hours; there were none" in sign.finding


def test_the_payment_incident_is_told_of_on_its_first_day(alarms: Alarms) -> None:
    [sign] = alarms[date(2024, 5, 19)]
    assert (sign.kind, sign.subject) == ("unusual_activity", "order/payment_failed")
    for number in range(1, 6):
        day = date(2024, 5, 19) + timedelta(days=number)
        assert "order/payment_failed" in {sign.subject for sign in alarms[day]}, day


def test_no_other_day_has_an_alarm(alarms: Alarms) -> None:
    false = {
        day: signs
        for day, signs in alarms.items()
        if not (BUG[0] <= day <= BUG[1] or PAYMENTS[0] <= day <= PAYMENTS[1])
    }
    assert false == {}
    subjects = {sign.subject for signs in alarms.values() for sign in signs}
    assert subjects == {
        "system/error: checkout_bug",
        "order/payment_failed",
        "order/payment_started",
    }
