"""Web pages of other origins: which may send, with what, and what their browsers are told."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ingestion.keys import create_key
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, free_port, new_warehouse
from tests.ingestion.homes import Home
from tests.ingestion.ledger import page_view, stored, wait_for
from tests.issuer import SECRET, shared_token
from tests.servers import RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

SHOP = "https://shop.example"
BLOG = "https://www.blog.example"
EVIL = "https://evil.example"


class Site:
    """A running ingestion, its warehouse, and keys of three kinds."""

    def __init__(self, warehouse: Warehouse, ingestion: RunningIngestion) -> None:
        self.warehouse = warehouse
        self.ingestion = ingestion
        with connect(warehouse.dsn(Role.OWNER)) as connection:
            self.page_key = create_key(
                connection, name="page", source="page", allowed_origins=[SHOP, "http://*.local:81"]
            )
            self.other_key = create_key(
                connection, name="blog", source="blog", allowed_origins=["https://*.blog.example"]
            )
            self.secret_key = create_key(connection, name="server", source="server")
        wait_for(lambda: self.send(authorization=f"Bearer {self.secret_key}").is_success)

    def send(self, path: str = "/v1/events", **headers: str) -> httpx.Response:
        """POST a page view without any credential but those in the headers and the path."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.ingestion.url + path
        return self.ingestion.client.post(url, headers=given, json=page_view())

    def ask(self, origin: str, path: str = "/v1/events", **headers: str) -> httpx.Response:
        """Ask as a browser does before it sends."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        asking = {"origin": origin, "access-control-request-method": "POST", **given}
        return self.ingestion.client.options(self.ingestion.url + path, headers=asking)


@pytest.fixture(scope="module")
def site(postgres: EmbeddedPostgres) -> Iterator[Site]:
    warehouse = new_warehouse(postgres)
    port = free_port()
    with running_ingestion(
        warehouse,
        port=port,
        FOOTFALL_JWT_SECRET=SECRET,
        FOOTFALL_INGESTION_URL="https://events.example",
    ) as running:
        yield Site(warehouse, running)


def outcome(answer: httpx.Response) -> tuple[int, str | None]:
    """Return status and code; no code where the events were taken."""
    content = answer.json()
    return answer.status_code, content["error"]["code"] if "error" in content else None


@pytest.mark.parametrize("origin", [SHOP, "http://pc.local:81"])
def test_a_page_sends_with_a_key_that_names_its_origin(site: Site, origin: str) -> None:
    answer = site.send(origin=origin, authorization=f"Bearer {site.page_key}")
    assert outcome(answer) == (200, None)
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["vary"] == "Origin"
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"X-Request-Id", "RateLimit-Remaining", "Retry-After"} <= set(exposed)
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", [EVIL, BLOG, "null", "http://shop.example", f"{SHOP}:8443", ""])
def test_a_page_of_another_origin_does_not_send_with_it(site: Site, origin: str) -> None:
    answer = site.send(origin=origin, x_write_key=site.page_key)
    assert outcome(answer) == (403, "origin_not_allowed")
    assert "footfall keys create" in answer.json()["error"]["message"]


def test_no_page_sends_with_a_secret_key(site: Site) -> None:
    answer = site.send(origin=SHOP, authorization=f"Bearer {site.secret_key}")
    assert outcome(answer) == (403, "origin_not_allowed")
    assert outcome(site.send(authorization=f"Bearer {site.secret_key}")) == (200, None)


def test_a_page_may_read_why_it_was_refused_and_others_may_not(site: Site) -> None:
    for origin, readable in ((BLOG, BLOG), (SHOP, SHOP), (EVIL, None)):
        answer = site.send(origin=origin, authorization="Bearer fw_unknown")
        assert outcome(answer) == (401, "unauthorized")
        assert answer.headers.get("access-control-allow-origin") == readable
        assert answer.headers["vary"] == "Origin"


def test_a_page_that_cannot_set_headers_sends_its_key_in_the_address(site: Site) -> None:
    event = page_view()
    answer = site.ingestion.client.post(
        f"{site.ingestion.url}/v1/events?v=1&key={site.page_key}",
        headers={"origin": SHOP, "content-type": "text/plain;charset=UTF-8"},  # as sendBeacon does
        json=event,
    )
    assert outcome(answer) == (200, None)
    assert stored(site.warehouse, event["event_id"])["source"] == "page"


def test_a_secret_key_is_refused_where_it_would_stand_in_logs(site: Site) -> None:
    for answer in (
        site.send(f"/v1/events?key={site.secret_key}"),
        site.send(x_write_key=site.secret_key),
    ):
        assert outcome(answer) == (401, "unauthorized")
        assert "secret" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/events?key=", "/v1/events?key=%00%ff", "/v1/events?key=a&b"])
def test_a_key_in_the_address_that_is_none_is_refused(site: Site, path: str) -> None:
    assert outcome(site.send(path)) == (401, "unauthorized")


def test_a_server_may_use_a_key_for_pages(site: Site) -> None:
    assert outcome(site.send(authorization=f"Bearer {site.page_key}")) == (200, None)


def test_a_token_is_bound_to_no_origin(site: Site) -> None:
    token = f"Bearer {shared_token(sub='u1')}"
    assert outcome(site.send(origin=EVIL, authorization=token)) == (200, None)


def test_the_pages_of_ingestion_itself_send_with_any_key(site: Site) -> None:
    port = site.ingestion.url.rpartition(":")[2]
    own = ("https://events.example", f"http://127.0.0.1:{port}", f"http://localhost:{port}")
    for origin in own:
        answer = site.send(origin=origin, authorization=f"Bearer {site.secret_key}")
        assert outcome(answer) == (200, None)


@pytest.mark.parametrize("path", ["/v1/events", "/api/activity/track/", "/api/errors/17/"])
def test_a_browser_that_asks_first_is_told_what_a_page_may_send(site: Site, path: str) -> None:
    answer = site.ask(SHOP, path, access_control_request_headers="authorization,content-type")
    assert answer.status_code == 204
    assert answer.content == b""
    headers = answer.headers
    assert headers["access-control-allow-origin"] == SHOP
    allowed = headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "content-encoding", "x-write-key"} <= set(allowed)
    methods = set(headers["access-control-allow-methods"].split(", "))
    assert methods == set(headers["allow"].split(", ")) - {"OPTIONS"}
    assert headers["access-control-max-age"] == "7200"
    assert "Origin" in headers["vary"]
    assert "access-control-allow-private-network" not in headers


def test_a_browser_that_asks_for_a_page_of_another_origin_is_told_nothing(site: Site) -> None:
    answer = site.ask(EVIL)
    assert answer.status_code == 204
    assert [name for name in answer.headers if name.startswith("access-control")] == []
    assert answer.headers["vary"] == "Origin"


def test_a_browser_is_told_whether_a_page_of_the_internet_may_reach_a_private_network(
    site: Site,
) -> None:
    asking = {"access_control_request_private_network": "true"}
    name = "access-control-allow-private-network"
    assert site.ask(SHOP, **asking).headers[name] == "true"
    assert name not in site.ask(EVIL, **asking).headers


def test_who_is_no_page_is_told_nothing_of_origins(site: Site) -> None:
    answer = site.send(authorization=f"Bearer {site.page_key}")
    names = {name for name in answer.headers if name.startswith("access-control")}
    assert names | {"vary"} & answer.headers.keys() == set()


def test_pages_that_send_without_a_key_must_be_named(
    following: RunningIngestion, home: Home
) -> None:
    def send(**headers: str) -> int:
        body = {"product_id": "b-1", "action": "view"}
        url = f"{following.url}/api/activity/track/"
        return following.client.post(url, headers=headers, json=body).status_code

    home.write(FOOTFALL_ANONYMOUS_SOURCE="web")
    assert send() == 201
    assert send(origin=SHOP) == 403
    home.write(FOOTFALL_ANONYMOUS_SOURCE="web", FOOTFALL_ANONYMOUS_ORIGINS=f"{BLOG}, {SHOP}")
    assert send(origin=SHOP) == 201
    assert send(origin=EVIL) == 403
    asking = {"origin": SHOP, "access-control-request-method": "POST"}
    answer = following.client.options(f"{following.url}/api/activity/track/", headers=asking)
    assert answer.headers["access-control-allow-origin"] == SHOP
