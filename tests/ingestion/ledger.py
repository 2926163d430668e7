"""What a test holds the warehouse against: what landed, and whether the ledger adds up."""

from __future__ import annotations

import uuid
from typing import Any

from psycopg.rows import dict_row

from tests.conftest import Warehouse
from warehouse.connections import connect
from warehouse.roles import Role

Row = dict[str, Any]


def page_view(**fields: object) -> dict[str, object]:
    """Return a valid event with an id of its own, as JSON has it."""
    return {
        "event_id": str(uuid.uuid4()),
        "category": "user",
        "event_type": "page_view",
        "user_id": "u1",
        **fields,
    }


def query(warehouse: Warehouse, statement: str, *values: object) -> list[Row]:
    """Return the rows of a query, as the owner."""
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(statement.encode(), values).fetchall()


def stored(warehouse: Warehouse, event_id: object) -> Row:
    """Return the one row of an event."""
    (row,) = query(warehouse, "select * from raw.events where event_id = %s", event_id)
    return row


def quarantined(warehouse: Warehouse, event_id: object) -> Row:
    """Return the one quarantine row of an event."""
    (row,) = query(warehouse, "select * from raw.quarantine where event_id = %s", event_id)
    return row


def assert_ledger_adds_up(warehouse: Warehouse) -> Row:
    """Hold every load against the rows that carry its number.

    Returns:
        The sums over all loads: received, stored, duplicate, quarantined, suppressed.
    """
    wrong = query(
        warehouse,
        """
        select l.load_id
        from raw.loads l
        left join (
            select load_id, count(*) as n, min(received_at) as lowest, max(received_at) as highest
            from raw.events group by load_id
        ) e using (load_id)
        left join (select load_id, count(*) as n from raw.event_ids group by load_id) i
            using (load_id)
        left join (select load_id, count(*) as n from raw.quarantine group by load_id) q
            using (load_id)
        where l.received <> l.stored + l.duplicate + l.quarantined + l.suppressed
            or l.stored <> coalesce(e.n, 0)
            or l.stored <> coalesce(i.n, 0)
            or l.quarantined <> coalesce(q.n, 0)
            or l.first_received_at is distinct from e.lowest
            or l.last_received_at is distinct from e.highest
        """,
    )
    assert wrong == []
    orphans = query(
        warehouse, "select 1 from raw.events where load_id not in (select load_id from raw.loads)"
    )
    assert orphans == []
    (sums,) = query(
        warehouse,
        "select coalesce(sum(received), 0)::int as received,"
        " coalesce(sum(stored), 0)::int as stored,"
        " coalesce(sum(duplicate), 0)::int as duplicate,"
        " coalesce(sum(quarantined), 0)::int as quarantined,"
        " coalesce(sum(suppressed), 0)::int as suppressed from raw.loads",
    )
    return sums
