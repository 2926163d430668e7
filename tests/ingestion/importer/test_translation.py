from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingestion.importer.ids import EventIds
from ingestion.importer.mapping import load_mapping
from ingestion.importer.readers import open_reader
from ingestion.importer.schema import ImportMapping
from ingestion.importer.translation import Translated, Translation

LOG_LINE = '203.0.113.7 - - [18/May/2015:10:05:03 +0000] "{}" {} 12 "-" "curl/8.0"'


def translate(
    path: Path, mapping: ImportMapping, chosen: dict[str, str] | None = None
) -> Translated:
    reader = open_reader(path, mapping.format or "csv", mapping)
    (records,) = reader.records()
    translation = Translation(mapping, mapping.option_values(chosen or {}), b"salt")
    return translation.translate(records, reader.parse(records), EventIds("", frozenset()))


def of_table(
    folder: Path, text: str, chosen: dict[str, str] | None = None, **mapping: Any
) -> Translated:
    sound = {
        "description": "A test.",
        "time": {"column": "t"},
        "events": [{"event": "user/click"}],
    }
    path = folder / "table.csv"
    path.write_text(text)
    return translate(path, msgspec.convert({**sound, **mapping}, ImportMapping), chosen)


def of_log(folder: Path, *requests: tuple[str, int]) -> Translated:
    path = folder / "log"
    path.write_text("\n".join(LOG_LINE.format(request, status) for request, status in requests))
    return translate(path, load_mapping("combined"))


def names(translated: Translated) -> list[str]:
    return [f"{event['category']}/{event['event_type']}" for event in translated.events]


@pytest.mark.parametrize(
    ("request_line", "status", "is_page"),
    [
        ("GET / HTTP/1.1", 200, True),
        ("GET /about.html?x=.png HTTP/1.1", 200, True),
        ("GET /blog/2015/ HTTP/1.0", 304, True),
        ("GET /v1.2 HTTP/1.1", 206, True),
        ("GET /style.css HTTP/1.1", 200, False),
        ("GET /Photo.JPG HTTP/1.1", 200, False),
        ("GET /files/tool-1.3.2.jar HTTP/1.1", 200, False),
        ("GET /robots.txt HTTP/1.1", 200, False),
        ("GET /blog/feed/ HTTP/1.1", 200, False),
        ("GET /?flav=rss20 HTTP/1.1", 200, False),
        ("GET / HTTP/1.1", 301, False),
        ("GET /gone HTTP/1.1", 404, False),
        ("HEAD / HTTP/1.1", 200, False),
        ("POST / HTTP/1.1", 200, False),
    ],
)
def test_a_request_that_shows_a_page_is_a_page_view_too(
    tmp_path: Path, request_line: str, status: int, is_page: bool
) -> None:
    found = names(of_log(tmp_path, (request_line, status)))
    assert found == ["system/api_request", *(["user/page_view"] if is_page else [])]


def test_a_request_that_the_server_failed_is_an_error_too(tmp_path: Path) -> None:
    translated = of_log(tmp_path, ("GET /a HTTP/1.1", 500), ("GET /b HTTP/1.1", 499))
    assert names(translated) == ["system/api_request", "system/error", "system/api_request"]
    assert translated.events[1]["properties"] == {
        "level": "error",
        "message": "GET /a was answered with status 500",
        "url": "/a",
        "method": "GET",
    }


def test_a_log_line_becomes_events_that_name_the_visitor_by_a_hash_only(tmp_path: Path) -> None:
    request, page = of_log(tmp_path, ("GET /a?utm_source=mail HTTP/1.1", 200)).events
    assert request["entity_id"] == "/a"
    assert request["occurred_at"] == "2015-05-18T10:05:03.000000Z"
    assert request["properties"] == {
        "method": "GET",
        "status_code": 200,
        "bytes": 12,
        "query": "utm_source=mail",
    }
    assert page["context"] == {"page_path": "/a", "browser": "curl", "utm_source": "mail"}
    assert request["anonymous_id"] == page["anonymous_id"]
    assert b"203.0.113" not in msgspec.json.encode([request, page])


def test_ids_stay_when_rules_are_added_or_moved(tmp_path: Path) -> None:
    def ids(*events: str) -> dict[str, str]:
        rules = [{"event": event} for event in events]
        translated = of_table(tmp_path, "t\n2024-01-01", events=rules)
        return {event["event_type"]: event["event_id"] for event in translated.events}

    before, after = ids("user/click", "user/scroll"), ids("user/login", "user/scroll", "user/click")
    assert before == {name: after[name] for name in before}
    assert len(set(after.values())) == 3


def test_values_are_made_as_the_mapping_says(tmp_path: Path) -> None:
    (event,) = of_table(
        tmp_path,
        "t,n,i,w,b\n2024-01-01,1.50,7,yes,beta\n",
        {"unit": "EUR"},
        options={"unit": {"description": "Currency."}, "other": {"description": "Unset."}},
        fields={
            "value": "n",
            "currency": {"option": "unit"},
            "session_id": {"option": "other"},
            "user_id": {"template": "{b}-{i} 100%"},
        },
        properties={
            "number": {"column": "n", "as": "number"},
            "integer": {"column": "i", "as": "integer"},
            "flag": {"column": "w", "as": "boolean"},
            "letter": {"column": "b", "map": {"alpha": "A", "beta": "B"}},
            "wrong": {"column": "b", "as": "number"},
            "fixed": {"constant": 3},
        },
    ).events
    assert event["value"] == "1.50"
    assert event["currency"] == "EUR"
    assert event["user_id"] == "beta-7 100%"
    assert "session_id" not in event
    assert event["properties"] == {
        "number": 1.5,
        "integer": 7,
        "flag": True,
        "letter": "B",
        "wrong": "beta",
        "fixed": 3,
    }


def test_a_missing_cell_leaves_its_field_out(tmp_path: Path) -> None:
    (event,) = of_table(
        tmp_path,
        "t,a,b\n2024-01-01,,x\n",
        fields={"user_id": "a", "session_id": {"template": "{a}{b}"}},
        properties={"a": "a"},
    ).events
    assert set(event) == {"event_id", "category", "event_type", "occurred_at"}


def test_a_rule_adds_to_what_is_common_to_all(tmp_path: Path) -> None:
    (event,) = of_table(
        tmp_path,
        "t,a,b\n2024-01-01,x,y\n",
        fields={"user_id": "a", "session_id": "a"},
        context={"platform": "a"},
        events=[
            {
                "event": "user/click",
                "fields": {"user_id": "b", "session_id": {"constant": None}},
                "context": {"channel": "b"},
            }
        ],
    ).events
    assert event["user_id"] == "y"
    assert "session_id" not in event
    assert event["context"] == {"platform": "x", "channel": "y"}


def test_conditions_choose_the_rules_of_a_row(tmp_path: Path) -> None:
    rules = [
        {"event": "user/login", "when": {"a": ["x", "y"]}},
        {"event": "user/logout", "when": {"a": {"matches": "^y"}, "n": {"from": 2, "to": 3}}},
        {"event": "user/scroll", "when": {"n": {"missing": True}}},
        {"event": "user/search", "when": {"n": 4}},
        {"skip": True, "when": {"a": "noise"}},
    ]
    translated = of_table(
        tmp_path,
        "t,a,n\n"
        + "".join(f"2024-01-01,{row}\n" for row in ("x,2", "y,3", "z,", "z,4", "noise,1")),
        events=rules,
    )
    assert names(translated) == [
        "user/login",
        "user/login",
        "user/logout",
        "user/scroll",
        "user/search",
    ]
    assert translated.numbers == [2, 3, 3, 4, 5]
    assert translated.skipped == 1
    assert not translated.broken


def test_a_row_without_rule_or_time_is_broken_and_named(tmp_path: Path) -> None:
    translated = of_table(
        tmp_path,
        "t,a\n2024-01-01,x\n2024-01-01,odd\nnever,x\n,x\n",
        events=[{"event": "user/click", "when": {"a": "x"}}],
    )
    assert len(translated.events) == 1
    assert [(row.number, row.problem[:24], row.raw) for row in translated.broken] == [
        (3, "no rule of the mapping a", "2024-01-01,odd"),
        (4, "t 'never' is no time in ", "never,x"),
        (5, "t is missing: an event n", ",x"),
    ]


def test_a_mapping_may_say_that_people_have_consented(tmp_path: Path) -> None:
    found = of_table(tmp_path, "t\n2026-01-01\n", fields={"consent": {"constant": "granted"}})
    assert [event["consent"] for event in found.events] == ["granted"]
