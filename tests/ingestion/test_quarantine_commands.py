"""``footfall quarantine``: bad events come back, each once."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner, Result

from ingestion.erasures import Erasures, subject_hash
from ingestion.keys import ensure_key
from ingestion.plan import CATALOG
from ingestion.quarantine.entries import open_quarantine
from ingestion.quarantine.rejudgement import open_court
from ingestion.quarantine.replay import Replay
from ingestion.quarantine.selection import Selection
from ingestion.quarantine.tally import Tally
from stack.commands.quarantine import app
from tests.conftest import Warehouse, free_port
from tests.ingestion.ledger import assert_ledger_adds_up, page_view, query, stored
from tests.servers import PRIVACY_SECRET, RunningIngestion
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import load_settings

Invoke = Callable[..., Result]


def purchase(**fields: object) -> dict[str, Any]:
    """Return an event that the catalogue takes, unless a field says otherwise."""
    properties = {"price": 29.99, **fields.pop("properties", {})}  # type: ignore[dict-item]
    return {
        "event_id": str(uuid.uuid4()),
        "category": "product",
        "event_type": "purchase",
        "user_id": "u1",
        "entity_id": "mug",
        "value": "29.99",
        "currency": "EUR",
        "properties": properties,
        **fields,
    }


@dataclass(frozen=True)
class Shop:
    """A sender with a source of its own, so that the tests do not meet in quarantine."""

    source: str
    ingestion: RunningIngestion
    warehouse: Warehouse

    def post(self, body: object) -> httpx.Response:
        """POST something with the shop's key."""
        key = {"authorization": f"Bearer fw_{self.source}"}
        return self.ingestion.call("POST", "/v1/events", body, key)

    def send(self, *events: dict[str, Any] | bytes) -> list[str]:
        """Send events, and return the status of each."""
        statuses = []
        for event in events:
            answer = self.post(event)
            assert answer.status_code == 200, answer.text
            statuses += [verdict["status"] for verdict in answer.json()["results"]]
        return statuses

    def quarantine(self, *events: dict[str, Any] | bytes) -> list[str]:
        """Send events that go into quarantine, and return their numbers."""
        assert set(self.send(*events)) == {"quarantined"}
        return [str(row["quarantine_id"]) for row in self.rows()[-len(events) :]]

    def rows(self) -> list[dict[str, Any]]:
        """Return the shop's rows in quarantine, the oldest first."""
        return query(
            self.warehouse,
            "select * from raw.quarantine where source = %s order by quarantine_id",
            self.source,
        )

    def events(self) -> list[dict[str, Any]]:
        """Return the shop's stored events."""
        return query(self.warehouse, "select * from raw.events where source = %s", self.source)


@pytest.fixture(scope="module")
def sources(landing_warehouse: Warehouse) -> Iterator[str]:
    """Sources that have a key, each for one test."""
    names = [f"shop-{number}" for number in range(100)]
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        for name in names:
            ensure_key(connection, name=name, source=name, key=f"fw_{name}")
        connection.execute("insert into ops.products values ('mug', 'Mug')")
    return iter(names)


@pytest.fixture
def shop(sources: Iterator[str], ingestion: RunningIngestion, landing_warehouse: Warehouse) -> Shop:
    return Shop(next(sources), ingestion, landing_warehouse)


@pytest.fixture(autouse=True, scope="module")
def _ledger(landing_warehouse: Warehouse) -> Iterator[None]:
    yield
    assert_ledger_adds_up(landing_warehouse)


@pytest.fixture
def invoke(landing_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Run ``footfall quarantine`` with the words given, and the environment on top."""

    def run(*words: str, answer: str = "", **environment: str) -> Result:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        load_settings.cache_clear()
        return CliRunner().invoke(app, words, input=answer)

    monkeypatch.setenv("FOOTFALL_OWNER_DSN", landing_warehouse.dsn(Role.OWNER))
    monkeypatch.setenv("FOOTFALL_PRIVACY_SECRET", PRIVACY_SECRET)
    yield run
    load_settings.cache_clear()


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the catalogue, which the command obeys."""
    folder = tmp_path / "catalog"
    shutil.copytree(CATALOG, folder)
    monkeypatch.setenv("FOOTFALL_CATALOG_DIR", str(folder))
    return folder


def report(result: Result) -> Any:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return json.loads(result.stdout)


# list


def test_the_list_groups_what_is_wrong_in_the_same_way(shop: Shop, invoke: Invoke) -> None:
    ids = shop.quarantine(
        *[purchase(properties={"price": "29,99"}) for _ in range(3)], purchase(event_type="bought")
    )
    lines = invoke("list", "--source", shop.source).stdout.splitlines()
    assert lines[0].startswith(
        f"3 × wrong_type properties.price of product/purchase, source {shop.source}, 20"  # noqa: RUF001
    )
    assert lines[0].endswith(f" UTC, such as {ids[2]}")
    assert lines[1].startswith("    properties.price of product/purchase must be a number")
    assert lines[2].startswith("1 × unknown_event_type event_type of product/bought")  # noqa: RUF001


def test_the_list_as_json_counts_groups(shop: Shop, invoke: Invoke) -> None:
    shop.quarantine(purchase(currency="euro"), purchase(currency="euro"))
    (group,) = report(invoke("list", "--source", shop.source, "--json"))
    assert (group["events"], group["reason"], group["field"]) == (2, "invalid_currency", "currency")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--reason", "invalid_currency"], {0}),
        (["--reason", "wrong_type", "--reason", "invalid_currency"], {0, 1}),
        (["--field", "properties.price"], {1}),
        (["--category", "user"], {2}),
        (["--event-type", "purchase"], {0, 1}),
        (["--event-type", "product/purchase"], {0, 1}),
        (["--event-type", "user/purchase"], set()),
        (["--since", "2020-01-01", "--until", "2100-01-01T12:00:00Z"], {0, 1, 2}),
        (["--until", "2020-01-01"], set()),
        (["--state", "discarded"], set()),
        (["--state", "all"], {0, 1, 2}),
        (["--limit", "1"], {2}),
    ],
)
def test_each_event_is_found_by_the_filters(
    shop: Shop, invoke: Invoke, words: list[str], expected: set[int]
) -> None:
    ids = shop.quarantine(
        purchase(currency="euro"), purchase(properties={"price": "x"}), page_view(value="1e99")
    )
    found = report(invoke("list", "--each", "--source", shop.source, "--json", *words))
    assert {str(row["quarantine_id"]) for row in found} == {ids[number] for number in expected}


def test_an_empty_list_is_no_error(shop: Shop, invoke: Invoke) -> None:
    result = invoke("list", "--source", shop.source)
    assert result.exit_code == 0
    assert "no such events" in result.stdout
    assert report(invoke("list", "--source", shop.source, "--json")) == []


def test_a_list_that_is_cut_short_says_so(shop: Shop, invoke: Invoke) -> None:
    shop.quarantine(purchase(currency="euro"), purchase(currency="euro"))
    result = invoke("list", "--source", shop.source, "--each", "--limit", "1")
    assert "invalid_currency" in result.stdout
    assert "1 of 2 events; --limit shows more" in result.stdout


def test_a_database_that_cannot_be_reached_is_told_without_its_password(invoke: Invoke) -> None:
    dsn = f"postgresql://footfall_owner:secret@127.0.0.1:{free_port()}/footfall"
    result = invoke("list", FOOTFALL_OWNER_DSN=dsn)
    assert result.exit_code == 1
    assert "the database cannot be reached" in str(result.exception)
    assert "secret" not in str(result.exception)


def test_a_time_that_is_none_is_refused_with_an_example(invoke: Invoke) -> None:
    result = invoke("list", "--since", "yesterday")
    assert result.exit_code == 1
    assert "--since 'yesterday' is no time" in str(result.exception)


# show


def test_one_event_is_shown_with_its_offending_field_marked_and_the_remedy(
    shop: Shop, invoke: Invoke
) -> None:
    (number,) = shop.quarantine(purchase(properties={"price": "29,99", "brand": "Hydro"}))
    shown = invoke("show", number).stdout
    assert '>     "price": "29,99",' in shown
    assert '      "brand": "Hydro"' in shown
    assert f"source     {shop.source}" in shown
    assert "endpoint   POST /v1/events" in shown
    assert f"footfall quarantine fix {number} --set properties.price=…" in shown


def test_what_a_terminal_would_obey_is_spelt_out(shop: Shop, invoke: Invoke) -> None:
    shop.quarantine(b'{}\n{"user_id": "\x1b[2J\xc2\x9b31m')
    number = str(shop.rows()[-1]["quarantine_id"])
    shown = invoke("show", number).stdout
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert r"\x1b[2J\x9b31m" in shown


def test_an_event_that_is_not_there_is_an_error(invoke: Invoke) -> None:
    result = invoke("show", "999999999")
    assert result.exit_code == 1
    assert "nothing in quarantine under 999999999" in str(result.exception)


# fix


def test_a_field_is_set_after_the_change_and_the_verdict_were_shown(
    shop: Shop, invoke: Invoke
) -> None:
    (number,) = shop.quarantine(purchase(properties={"price": "29,99"}))
    result = invoke("fix", number, "--set", "properties.price=29.990", answer="y\n")
    assert result.exit_code == 0
    assert '-    "price": "29,99"' in result.stdout
    assert '+    "price": 29.990' in result.stdout
    assert "would be stored" in result.stdout
    (row,) = shop.rows()
    assert '"price":29.990' in row["event"]
    assert '"29,99"' in row["payload"]
    assert (row["state"], row["reason"]) == ("open", "wrong_type")
    assert shop.events() == []


def test_what_is_not_confirmed_is_not_written(shop: Shop, invoke: Invoke) -> None:
    (number,) = shop.quarantine(purchase(currency="euro"))
    (before,) = shop.rows()
    assert invoke("fix", number, "--set", "currency=EUR", answer="n\n").exit_code == 1
    assert invoke("fix", number, "--set", "currency=EUR", "--dry-run").exit_code == 0
    assert shop.rows() == [before]


def test_a_correction_that_does_not_suffice_tells_what_is_wrong_next(
    shop: Shop, invoke: Invoke
) -> None:
    (number,) = shop.quarantine(purchase(currency="euro", properties={"price": "x"}))
    figures = report(invoke("fix", number, "--set", "properties.price=1", "--yes", "--json"))
    assert (figures["changed"], figures["would_be_stored"]) == (1, 0)
    (row,) = shop.rows()
    assert (row["reason"], row["field"]) == ("invalid_currency", "currency")


def test_many_events_are_corrected_by_filters_and_come_in(shop: Shop, invoke: Invoke) -> None:
    events = [{**page_view(), "timestamp": f"2026-11-0{day}T10:00:00Z"} for day in (1, 2, 3)]
    shop.quarantine(*events)
    chosen = ("--source", shop.source, "--reason", "unknown_field", "--field", "timestamp")
    figures = report(invoke("fix", *chosen, "--rename", "timestamp=occurred_at", "--yes", "--json"))
    assert figures["would_be_stored"] == 3
    assert report(invoke("replay", *chosen, "--json"))["stored"] == 3
    assert {row["occurred_at"].day for row in shop.events()} == {1, 2, 3}


def test_an_event_type_that_is_corrected_is_the_one_that_filters_find(
    shop: Shop, invoke: Invoke
) -> None:
    (number,) = shop.quarantine(page_view(event_type="page_veiw", user_id=None))
    invoke("fix", number, "--set", "event_type=page_view", "--set", "user_id=007", "--yes")
    found = report(invoke("list", "--source", shop.source, "--event-type", "page_view", "--json"))
    assert [group["events"] for group in found] == [1]
    invoke("replay", number)
    assert shop.events()[0]["user_id"] == "007"


def test_a_field_is_removed(shop: Shop, invoke: Invoke) -> None:
    (number,) = shop.quarantine({**page_view(), "debug": {"a": [1, 2]}})
    invoke("fix", number, "--unset", "debug", "--yes")
    assert invoke("replay", number).exit_code == 0
    assert len(shop.events()) == 1


def test_an_event_is_edited_in_the_editor(shop: Shop, invoke: Invoke, tmp_path: Path) -> None:
    (number,) = shop.quarantine(page_view(value="1e99"))
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/1E+99/19.90/' \"$1\"\n")
    editor.chmod(0o755)
    result = invoke("fix", number, "--edit", "--yes", EDITOR=str(editor))
    assert "would be stored" in result.stdout
    invoke("replay", number)
    assert str(shop.events()[0]["value"]) == "19.90"


def test_an_editor_that_fails_changes_nothing(shop: Shop, invoke: Invoke) -> None:
    (number,) = shop.quarantine(page_view(value="1e99"))
    result = invoke("fix", number, "--edit", "--yes", EDITOR="false")
    assert result.exit_code == 1
    assert "false (of $VISUAL or $EDITOR)" in str(result.exception)


def test_what_is_no_json_is_replaced_from_a_file(
    shop: Shop, invoke: Invoke, tmp_path: Path
) -> None:
    shop.send(b"{}\n{user_id: 'u1'}")
    number = str(shop.rows()[-1]["quarantine_id"])
    result = invoke("fix", number, "--set", "user_id=u1", "--yes")
    assert result.exit_code == 1
    assert "--from-file FILE" in result.stdout
    file = tmp_path / "event.json"
    file.write_text(json.dumps(page_view()))
    assert invoke("fix", number, "--from-file", str(file), "--yes").exit_code == 0
    assert invoke("replay", number).exit_code == 0
    (event,) = shop.events()
    assert event["event_type"] == "page_view"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "properties.price"], "is not PATH=VALUE"),
        (["--set", "properties..price=1"], "is no path"),
        (["--rename", "a.=b"], "is no path"),
        (["--rename", "a"], "is not OLD=NEW"),
    ],
)
def test_a_correction_that_cannot_be_read_is_refused(
    shop: Shop, invoke: Invoke, words: list[str], message: str
) -> None:
    (number,) = shop.quarantine(page_view(value="1e99"))
    result = invoke("fix", number, *words, "--yes")
    assert result.exit_code == 1
    assert message in str(result.exception)


@pytest.mark.parametrize(
    "words",
    [
        ["fix", "--set", "a=1"],
        ["fix", "1"],
        ["fix", "1", "--edit", "--set", "a=1"],
        ["fix", "1", "2", "--edit"],
        ["fix", "1", "--set", "a=1", "--json"],
        ["replay"],
        ["discard"],
        ["discard", "1", "--json"],
    ],
)
def test_words_that_do_not_say_enough_are_a_mistake_of_usage(
    invoke: Invoke, words: list[str]
) -> None:
    assert invoke(*words).exit_code == 2


def test_a_correction_that_meets_something_else_on_its_way_is_told(
    shop: Shop, invoke: Invoke
) -> None:
    (number,) = shop.quarantine(page_view(properties="x"))
    result = invoke("fix", number, "--set", "properties.price=1", "--yes")
    assert result.exit_code == 1
    assert "properties.price leads nowhere: properties is not an object" in result.stdout


# replay


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


# other wire formats


def activity(shop: Shop, **fields: object) -> str:
    """Send an activity as the marketplace does that goes into quarantine; return its number."""
    key = {"authorization": f"Bearer fw_{shop.source}"}
    event = {"product_id": "mug", "action": "view", "session_key": "s-1", **fields}
    answer = shop.ingestion.call("POST", "/api/activity/track/", event, key)
    assert answer.status_code in (400, 404), answer.text
    return str(shop.rows()[-1]["quarantine_id"])


def test_an_event_that_its_format_could_not_read_is_corrected_in_that_format(
    shop: Shop, invoke: Invoke
) -> None:
    number = activity(shop, action="viewed", price="29.90")
    assert '>   "action": "viewed"' in invoke("show", number).stdout
    refused = invoke("fix", number, "--set", "action=seen", "--yes")
    assert refused.exit_code == 1
    assert "the wire format marketplace does not take it: action must be" in refused.stdout
    assert shop.rows()[0]["event"] is None
    assert invoke("fix", number, "--set", "action=view", "--yes").exit_code == 0
    (row,) = shop.rows()
    assert json.loads(row["event"])["event_type"] == "view"
    assert "viewed" in row["payload"]
    assert invoke("replay", number).exit_code == 0
    (event,) = shop.events()
    assert (event["entity_id"], event["session_id"]) == ("mug", "s-1")
    assert event["properties"]["price"] == pytest.approx(29.90)


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


# discard


def test_what_is_discarded_is_settled_and_kept(shop: Shop, invoke: Invoke) -> None:
    (number,) = shop.quarantine(page_view(currency="euro"))
    assert invoke("discard", number, answer="n\n").exit_code == 1
    assert shop.rows()[0]["state"] == "open"
    assert report(invoke("discard", number, "--yes", "--json")) == {"discarded": 1}
    (row,) = shop.rows()
    assert (row["state"], row["settled_at"] is not None) == ("discarded", True)
    assert "euro" in row["payload"]
    result = invoke("fix", number, "--set", "currency=EUR", "--yes")
    assert f"{number} (discarded)" in str(result.exception)
    assert report(invoke("replay", number, "--json"))["judged"] == 0
