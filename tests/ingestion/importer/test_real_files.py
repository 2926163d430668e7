"""Real files, imported over HTTP, against counts taken from the files by other means."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ingestion.client import EventSender
from ingestion.importer.job import ImportJob, open_source
from ingestion.importer.schema import Format
from ingestion.importer.tally import Tally
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.servers import running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

FILES: dict[str, Format] = {
    "access_log_2015.gz": "combined",
    "ecommerce_clickstream_2024.csv.gz": "csv",
    "multistore_2019-10-01.csv.gz": "csv",
}

DayCounts = Counter[tuple[str, str]]  # day and event type


class Imported(NamedTuple):
    """A warehouse that all files were imported into, twice."""

    warehouse: Warehouse
    first: dict[str, Tally]
    second: dict[str, Tally]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.warehouse.dsn(Role.OWNER)) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def imported(
    postgres: EmbeddedPostgres, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Imported:
    warehouse = new_warehouse(postgres)
    home = tmp_path_factory.mktemp("home")
    result = Imported(warehouse, {}, {})
    with (
        running_ingestion(warehouse) as running,
        EventSender(running.url, running.write_key) as sender,
    ):
        for tallies in (result.first, result.second):
            for name, file_format in FILES.items():
                source = open_source(shared_data / name, file_format)
                tallies[name] = ImportJob(source, sender, home).run()
    return result


def count_log(path: Path) -> DayCounts:
    """Count by splitting at quotes and spaces, without regular expressions for lines."""
    counts: DayCounts = Counter()
    with gzip.open(path, "rt") as file:
        for line in file:
            before, request, after = line.split('"')[:3]
            day = before.partition("[")[2][:11]
            method, target = request.split()[:2]
            status = int(after.split()[0])
            path_of_page, _, query = target.partition("?")
            _, dot, ending = path_of_page.rpartition("/")[2].rpartition(".")
            is_file = bool(dot) and ending.isalnum() and ending[0].isalpha() and len(ending) <= 8
            is_page = not is_file or ending in ("html", "xhtml", "php")
            is_feed = "flav=rss" in query or "flav=atom" in query
            counts[_iso(day), "system/api_request"] += 1
            if method == "GET" and (200 <= status < 300 or status == 304):
                counts[_iso(day), "user/page_view"] += is_page and not is_feed
            counts[_iso(day), "system/error"] += status >= 500
    return +counts


def count_table(path: Path, time: str, event: str, names: dict[str, str]) -> DayCounts:
    counts: DayCounts = Counter()
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            if None not in row.values():  # the last line of one file is cut short
                counts[row[time][:10], names[row[event]]] += 1
    return counts


def _iso(day: str) -> str:
    return re.sub(r"(\d+)/May/(\d+)", r"\2-05-\1", day)


CLICKSTREAM = {
    **dict.fromkeys(
        ("home", "catalog", "promo_page", "filter_results", "compare", "cart", "account_page"),
        "user/page_view",
    ),
    **dict.fromkeys(("review_page", "support_chat"), "user/page_view"),
    **dict.fromkeys(("error_page", "checkout_bug"), "system/error"),
    "product_view": "user/product_view",
    "search": "user/search",
    "add_to_cart": "user/add_to_cart",
    "wishlist_add": "user/button_click",
    "shipping_details": "user/checkout_start",
    "payment_details": "order/payment_started",
    "payment_error": "order/payment_failed",
    "purchase": "conversion/purchase",
}
MULTISTORE = {
    "view": "product/view",
    "cart": "product/cart_add",
    "purchase": "product/purchase",
}


def test_every_day_has_the_events_that_its_rows_in_the_files_say(
    imported: Imported, shared_data: Path
) -> None:
    log, clickstream, multistore = (shared_data / name for name in FILES)
    expected = (
        count_log(log)
        + count_table(clickstream, "timestamp", "event", CLICKSTREAM)
        + count_table(multistore, "event_time", "event_type", MULTISTORE)
    )
    rows = imported.rows(
        "select occurred_at::date::text, category || '/' || event_type, count(*)"
        " from raw.events group by 1, 2"
    )
    assert {(day, name): count for day, name, count in rows} == expected


def test_every_row_of_the_files_is_accounted_for(imported: Imported) -> None:
    counts = {
        name: (tally.rows, tally.broken, tally.sent, tally.verdicts["stored"])
        for name, tally in imported.first.items()
    }
    assert all(tally.is_complete() for tally in imported.first.values())
    assert counts == {
        "access_log_2015.gz": (10_000, 0, 12_877, 12_877),
        "ecommerce_clickstream_2024.csv.gz": (31_106, 0, 31_106, 31_106),
        "multistore_2019-10-01.csv.gz": (17_435, 1, 17_434, 17_434),
    }


def test_a_second_import_finds_duplicates_only(imported: Imported) -> None:
    for name, tally in imported.second.items():
        assert tally.verdicts["duplicate"] == tally.sent == imported.first[name].sent


def test_18_may_2015_is_as_counted_by_hand(imported: Imported) -> None:
    """Counted with awk; the guide to importing history has the commands."""
    (row,) = imported.rows(
        "select count(*) filter (where event_type = 'api_request'),"
        " count(*) filter (where event_type = 'page_view'),"
        " count(*) filter (where event_type = 'error'),"
        " count(distinct visitor_id)"
        " from raw.events where occurred_at::date = '2015-05-18'"
    )
    assert row == (2_893, 913, 2, 660)


def test_1_october_2019_is_as_counted_by_hand(imported: Imported) -> None:
    (row,) = imported.rows(
        "select count(*), count(distinct visitor_id), count(distinct session_id),"
        " count(*) filter (where event_type = 'view'),"
        " count(*) filter (where event_type = 'cart_add'),"
        " count(*) filter (where event_type = 'purchase')"
        " from raw.events where occurred_at::date = '2019-10-01'"
    )
    assert row == (17_434, 4_504, 5_066, 17_055, 165, 214)


def test_no_address_of_a_visitor_is_kept(imported: Imported) -> None:
    assert imported.rows(
        "select count(*) from raw.events"
        " where context::text || properties::text || visitor_id ~ '83[.]149[.]9[.]216'"
    ) == [(0,)]
