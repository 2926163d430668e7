"""``footfall quarantine fix``: events are corrected, and what was received stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ingestion.ledger import page_view
from tests.ingestion.quarantine.shop import Invoke, Shop, activity, purchase, report


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


def test_a_correction_that_meets_something_else_on_its_way_is_told(
    shop: Shop, invoke: Invoke
) -> None:
    (number,) = shop.quarantine(page_view(properties="x"))
    result = invoke("fix", number, "--set", "properties.price=1", "--yes")
    assert result.exit_code == 1
    assert "properties.price leads nowhere: properties is not an object" in result.stdout


# other wire formats


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
