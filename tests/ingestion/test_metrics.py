"""What Prometheus reads at /metrics, and who may."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from ingestion.plan import CATALOG
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.ingestion.ledger import page_view
from tests.servers import RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

TOKEN = "admin-token-of-tests"


class Figures(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """The samples of one scrape."""

    def of(self, name: str, **labels: str) -> float:
        """Return a sample's value; 0 where there is none, which is where counters begin."""
        return self.get((f"footfall_ingestion_{name}", frozenset(labels.items())), 0)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self}


def scrape(ingestion: RunningIngestion) -> Figures:
    answer = ingestion.client.get(f"{ingestion.url}/metrics")
    assert answer.status_code == 200, answer.text
    return Figures(
        ((sample.name, frozenset(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    )


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan") / "catalog"
    shutil.copytree(CATALOG, folder)
    return folder


@pytest.fixture(scope="module")
def metered_warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    return new_warehouse(postgres)


@pytest.fixture(scope="module")
def metered(
    metered_warehouse: Warehouse, catalog: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningIngestion]:
    home = tmp_path_factory.mktemp("state")
    (home / "footfall.env").write_text(f"FOOTFALL_ADMIN_TOKEN={TOKEN}\n")
    with running_ingestion(
        metered_warehouse, FOOTFALL_HOME=str(home), FOOTFALL_CATALOG_DIR=str(catalog)
    ) as running:
        yield running


def test_every_event_is_counted_by_verdict_dialect_and_key(metered: RunningIngestion) -> None:
    before = scrape(metered)
    event = page_view()
    metered.verdicts([event, event, page_view(currency="?"), page_view()])
    metered.verdicts(page_view())
    after = scrape(metered)
    for verdict, count in {"stored": 3, "duplicate": 1, "quarantined": 1}.items():
        labels = {"verdict": verdict, "dialect": "canonical", "key": "tests"}
        assert after.of("events_total", **labels) - before.of("events_total", **labels) == count


def test_requests_and_groups_are_measured(metered: RunningIngestion) -> None:
    before = scrape(metered)
    metered.verdicts([page_view() for _ in range(7)])
    after = scrape(metered)

    def grown(name: str, **labels: str) -> float:
        return after.of(name, **labels) - before.of(name, **labels)

    assert grown("requests_total", dialect="canonical", status="200") == 1
    assert grown("request_events_count") == grown("landing_events_count") == 1
    assert grown("request_events_sum") == grown("landing_events_sum") == 7
    assert grown("request_events_bucket", le="5.0") == 0
    assert grown("request_events_bucket", le="10.0") == 1
    took = grown("request_duration_seconds_sum", dialect="canonical")
    assert 0 < grown("landing_duration_seconds_sum") <= took < 10


def test_a_refusal_is_counted_by_status_and_code(metered: RunningIngestion) -> None:
    before = scrape(metered)
    metered.send(b"no JSON")
    metered.send(page_view(), authorization="Bearer unknown")
    metered.client.get(f"{metered.url}/v1/events")
    metered.client.get(f"{metered.url}/nowhere")
    after = scrape(metered)
    for dialect, status, code in (
        ("canonical", "400", "not_json"),
        ("canonical", "401", "unauthorized"),
        ("", "405", "method_not_allowed"),
        ("", "404", "not_found"),
    ):
        labels = {"dialect": dialect, "status": status, "code": code}
        grown = after.of("refusals_total", **labels) - before.of("refusals_total", **labels)
        assert grown == 1, labels


def test_what_waits_is_shown_while_it_waits(
    metered: RunningIngestion, metered_warehouse: Warehouse
) -> None:
    assert scrape(metered).of("queue_events") == 0
    with ThreadPoolExecutor(2) as pool:
        with connect(metered_warehouse.dsn(Role.OWNER)) as connection:
            connection.execute("lock table raw.event_ids")  # so that landings must wait
            first = pool.submit(metered.statuses, page_view())
            time.sleep(0.3)
            second = pool.submit(metered.statuses, [page_view(), page_view()])
            time.sleep(0.3)
            figures = scrape(metered)
        assert first.result() + second.result() == ["stored"] * 3
    assert figures.of("queue_events") == 2  # the first is on its way into Postgres
    assert figures.of("queue_bytes") > 100
    assert scrape(metered).of("queue_bytes") == 0


def test_a_wrong_catalogue_shows_until_it_is_mended(
    metered: RunningIngestion, catalog: Path
) -> None:
    assert scrape(metered).of("catalogue_problem") == 0
    assert scrape(metered).of("catalogue_event_types") > 50
    wrong = catalog / "zone.yaml"
    wrong.write_text("category: none")
    wait_for(metered, "catalogue_problem", 1)
    wrong.unlink()
    wait_for(metered, "catalogue_problem", 0)


def wait_for(ingestion: RunningIngestion, name: str, value: float) -> None:
    deadline = time.monotonic() + 10
    while scrape(ingestion).of(name) != value:
        assert time.monotonic() < deadline, f"{name} has not become {value}"
        time.sleep(0.1)


def test_postgres_and_the_process_are_shown(metered: RunningIngestion) -> None:
    figures = scrape(metered)
    assert figures.of("postgres_up") == 1
    assert figures.of("write_keys") == 2
    assert figures.of("settings_problem") == 0
    assert figures["process_resident_memory_bytes", frozenset()] > 10_000_000


def test_nothing_that_a_client_sends_becomes_a_series(metered: RunningIngestion) -> None:
    metered.send(b"no JSON")
    metered.send(page_view(), authorization="Bearer nobody")
    metered.client.get(f"{metered.url}/nowhere")
    metered.client.request("BREW", f"{metered.url}/v1/events")
    before = scrape(metered)
    for n in range(20):
        metered.send(page_view(category=f"mine_{n}", event_type=f"mine_{n}"))
        metered.send(b"no JSON", user_agent=f"mine_{n}", x_request_id=f"mine-{n}")
        metered.send(page_view(), authorization=f"Bearer mine_{n}")
        metered.client.get(f"{metered.url}/mine_{n}")
        metered.client.request(f"MINE{n}", f"{metered.url}/v1/events")
    after = scrape(metered)
    new = {labels for name, labels in after.keys() - before.keys() if not name.endswith("_bucket")}
    assert new <= {
        frozenset({("verdict", "quarantined"), ("dialect", "canonical"), ("key", "tests")})
    }
    assert "mine" not in metered.client.get(f"{metered.url}/metrics").text.lower()


def test_names_follow_the_conventions_of_prometheus(metered: RunningIngestion) -> None:
    wanted = "application/openmetrics-text; version=1.0.0"
    answer = metered.client.get(f"{metered.url}/metrics", headers={"accept": wanted})
    assert answer.headers["content-type"].startswith(wanted)
    # the parser refuses what is not well formed
    for family in openmetrics.text_string_to_metric_families(answer.text):  # type: ignore[no-untyped-call]
        if not family.name.startswith("process_"):
            assert re.fullmatch(r"footfall_ingestion_[a-z]+(_[a-z]+)*", family.name)
            assert family.documentation.endswith(".")
            assert not re.search(r"_(ms|milliseconds|kb|minutes|count|total)$", family.name)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"x-forwarded-for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
        {"x-real-ip": "203.0.113.9"},
    ],
    ids="-".join,
)
def test_metrics_that_are_asked_for_through_a_proxy_need_the_token(
    metered: RunningIngestion, elsewhere: dict[str, str]
) -> None:
    url = f"{metered.url}/metrics"
    for authorization in (None, "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN):
        headers = elsewhere | ({"authorization": authorization} if authorization else {})
        answer = metered.client.get(url, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == 'Bearer realm="footfall"'
    headers = elsewhere | metered.headers
    assert metered.client.get(url, headers=headers).status_code == 401
    headers = elsewhere | {"authorization": f"Bearer {TOKEN}"}
    assert metered.client.get(url, headers=headers).status_code == 200


def test_without_a_token_no_one_elsewhere_may_read_metrics(ingestion: RunningIngestion) -> None:
    for headers in ({}, ingestion.headers):
        answer = ingestion.client.get(
            f"{ingestion.url}/metrics", headers={**headers, "x-forwarded-for": "203.0.113.9"}
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
        assert "FOOTFALL_ADMIN_TOKEN" in answer.json()["error"]["message"]
