"""``footfall quarantine replay``: bad events come back, each once."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path

import asyncpg

from ingestion.erasures import Erasures, subject_hash
from ingestion.quarantine.entries import open_quarantine
from ingestion.quarantine.rejudgement import open_court
from ingestion.quarantine.replay import Replay
from ingestion.quarantine.selection import Selection
from ingestion.quarantine.tally import Tally
from tests.ingestion.ledger import page_view, query, stored
from tests.ingestion.quarantine.shop import Invoke, Shop, activity, report
from tests.servers import PRIVACY_SECRET
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import load_settings


def test_a_replay_stores_what_the_catalogue_of_now_lets_in(
    shop: Shop, invoke: Invoke, catalog: Path
) -> None:
    known, unknown = page_view(event_type="nap"), page_view(event_type="doze")
    numbers = shop.quarantine(known, unknown)
    plan = catalog / "user.yaml"
    plan.write_text(plan.read_text() + "  nap:\n    description: A nap.\n    example: {}\n")

    foreseen = report(invoke("replay", *numbers, "--dry-run", "--json"))
    assert (foreseen["stored"], foreseen["quarantined"]) == (1, 1)
    assert shop.events() == []

    result = invoke("replay", *numbers, "--json")
    figures = report(result)
    assert (figures["stored"], figures["quarantined"], result.exit_code) == (1, 1, 1)
    in_, out = shop.rows()
    event = stored(shop.warehouse, known["event_id"])
    assert (in_["state"], in_["replay_load_id"]) == ("replayed", event["load_id"])
    assert in_["settled_at"] == event["received_at"]
    assert (out["state"], out["settled_at"]) == ("open", None)
    assert "it has page_view" in out["message"]
    assert "nap" in out["message"]
    (load,) = query(shop.warehouse, "select * from raw.loads where load_id = %s", event["load_id"])
    assert (load["origin"], load["received"], load["quarantined"]) == ("replay", 1, 0)


def test_an_event_counts_once_however_often_it_is_replayed(shop: Shop, invoke: Invoke) -> None:
    event = page_view(currency="euro")
    (number,) = shop.quarantine(event)
    invoke("fix", number, "--set", "currency=EUR", "--yes")
    assert report(invoke("replay", number, "--json"))["stored"] == 1
    again = invoke("replay", number, "--json")
    assert (report(again)["judged"], again.exit_code) == (0, 0)
    assert shop.send({**event, "currency": "EUR"}) == ["duplicate"]
    assert len(shop.events()) == 1


def test_an_event_that_was_sent_again_corrected_is_settled_as_a_duplicate(
    shop: Shop, invoke: Invoke
) -> None:
    event = page_view(currency="euro")
    (number,) = shop.quarantine(event)
    assert shop.send({**event, "currency": "EUR"}) == ["stored"]
    invoke("fix", number, "--set", "currency=EUR", "--yes")
    assert report(invoke("replay", number, "--json"))["duplicate"] == 1
    assert [row["state"] for row in shop.rows()] == ["replayed"]
    assert len(shop.events()) == 1


def test_events_without_an_id_of_their_own_count_once_each(shop: Shop, invoke: Invoke) -> None:
    event = page_view(event_id=None, value="1e99")
    numbers = shop.quarantine(event, event)
    invoke("fix", *numbers, "--unset", "value", "--yes")
    invoke("replay", *numbers)
    ids = {str(row["event_id"]) for row in shop.events()}
    assert len(ids) == 2
    assert {uuid.UUID(one).version for one in ids} == {5}
    with connect(shop.warehouse.dsn(Role.OWNER)) as connection:  # as if settling had been lost
        connection.execute(
            "update raw.quarantine set state = 'open' where source = %s", (shop.source,)
        )
    assert report(invoke("replay", *numbers, "--json"))["duplicate"] == 2


def test_an_event_without_a_time_happened_when_it_was_received(shop: Shop, invoke: Invoke) -> None:
    ahead = page_view(occurred_at="2999-01-01T00:00:00Z", value="1e99")
    numbers = shop.quarantine(page_view(value="1e99"), ahead)
    invoke("fix", *numbers, "--unset", "value", "--yes")
    invoke("replay", *numbers)
    received = {str(row["event_id"]): row["received_at"] for row in shop.rows()}
    for event in shop.events():
        assert event["occurred_at"] == received[str(event["event_id"])]
        assert event["received_at"] > event["occurred_at"]
        assert event["is_time_corrected"] == (str(event["event_id"]) == ahead["event_id"])


def test_of_an_erased_person_nothing_comes_in_and_nothing_stays(shop: Shop, invoke: Invoke) -> None:
    erased = f"erased-{uuid.uuid4()}"
    numbers = shop.quarantine(page_view(user_id=erased, currency="euro"), page_view(value="1e99"))
    invoke("fix", *numbers, "--unset", "value", "--unset", "currency", "--yes")
    with connect(shop.warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            "insert into ops.erasures (subject_hash) values (%s)",
            (subject_hash("user", erased, PRIVACY_SECRET.encode()),),
        )
    assert report(invoke("replay", *numbers, "--dry-run", "--json"))["suppressed"] == 1
    figures = report(invoke("replay", *numbers, "--json"))
    assert (figures["stored"], figures["suppressed"]) == (1, 1)
    gone, _ = shop.rows()
    assert (gone["state"], gone["reason"]) == ("replayed", "erased_person")
    assert erased not in str(gone)
    assert (gone["payload"], gone["event"], gone["event_id"]) == ("", None, None)
    (drop,) = query(
        shop.warehouse, "select * from raw.suppressions where load_id = %s", gone["replay_load_id"]
    )
    assert (drop["source"], drop["reason"], drop["events"]) == (shop.source, "erased_person", 1)


def test_who_is_erased_while_a_replay_is_under_way_stays_out(shop: Shop, invoke: Invoke) -> None:
    erased = f"erased-{uuid.uuid4()}"
    numbers = shop.quarantine(*[page_view(user_id=erased, value="1e99") for _ in range(3)])
    invoke("fix", *numbers, "--unset", "value", "--yes")
    secret = PRIVACY_SECRET.encode()

    class ReadTooEarly(Erasures):
        """The erasures as they were before the person was erased, when first read."""

        def __init__(self) -> None:
            super().__init__(secret)
            self.readings = 0

        async def refresh(self, connection: asyncpg.Connection) -> None:
            self.readings += 1
            if self.readings > 1:
                await super().refresh(connection)

    async def replay() -> Tally:
        dsn = shop.warehouse.dsn(Role.OWNER)
        async with open_quarantine(dsn) as connection, open_court(load_settings()) as court:
            replaying = Replay(connection, court, ReadTooEarly())
            return await replaying.run(Selection(ids=[int(number) for number in numbers]))

    with connect(shop.warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            "insert into ops.erasures (subject_hash) values (%s)",
            (subject_hash("user", erased, secret),),
        )
    assert dict(asyncio.run(replay()).verdicts) == {"suppressed": 3}
    assert shop.events() == []


def test_what_a_key_may_not_send_comes_in_only_where_somebody_vouches_for_it(
    shop: Shop, invoke: Invoke
) -> None:
    with connect(shop.warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            "update ops.write_keys set scopes = array['ingest:product'] where name = %s",
            (shop.source,),
        )
    while shop.send(page_view()) == ["stored"]:  # until the key is read again
        time.sleep(0.1)
    number = str(shop.rows()[-1]["quarantine_id"])
    before = len(shop.events())
    result = invoke("replay", number)
    assert result.exit_code == 1
    assert "--vouch lets in" in result.stdout
    assert len(shop.events()) == before
    assert invoke("replay", number, "--vouch").exit_code == 0
    assert len(shop.events()) == before + 1


def test_an_event_that_postgres_refuses_costs_its_neighbours_nothing(
    shop: Shop, invoke: Invoke
) -> None:
    with connect(shop.warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            "alter table raw.events add constraint odd check (session_id is distinct from 'odd')"
        )
    numbers = shop.quarantine(
        *[page_view(session_id=session, value="1e99") for session in ("a", "odd", "b")]
    )
    invoke("fix", *numbers, "--unset", "value", "--yes")
    figures = report(invoke("replay", *numbers, "--json"))
    assert (figures["stored"], figures["quarantined"]) == (2, 1)
    assert [row["state"] for row in shop.rows()] == ["replayed", "open", "replayed"]
    assert shop.rows()[1]["reason"] == "not_storable"


def test_an_event_about_an_unknown_product_comes_in_once_the_product_is_known(
    shop: Shop, invoke: Invoke
) -> None:
    product = str(uuid.uuid4())
    number = activity(shop, product_id=product)
    assert shop.rows()[0]["reason"] == "unknown_product"
    assert invoke("replay", number).exit_code == 1
    with connect(shop.warehouse.dsn(Role.OWNER)) as connection:
        connection.execute("insert into ops.products values (%s, 'Jar')", (product,))
    assert invoke("replay", number).exit_code == 0
    assert shop.events()[0]["entity_id"] == product
