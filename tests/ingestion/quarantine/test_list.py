"""``footfall quarantine list``, ``show`` and ``discard``."""

from __future__ import annotations

import pytest

from tests.conftest import free_port
from tests.ingestion.ledger import page_view
from tests.ingestion.quarantine.shop import Invoke, Shop, purchase, report

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


# usage


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
