from __future__ import annotations

import httpx
import pytest

from serving import access
from serving.access import COOKIE
from tests.serving.conftest import BEARER, READ_TOKEN, Start

FIGURES = "The warehouse does not answer"  # what stands in their place
EVERYWHERE = "0.0.0.0"  # noqa: S104


@pytest.fixture
def public(start: Start) -> httpx.Client:
    return start(bind_host=EVERYWHERE)


def test_on_loopback_the_figures_need_no_log_in(detached: httpx.Client) -> None:
    assert FIGURES in detached.get("/").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
    ],
)
def test_on_loopback_a_foreign_name_or_a_proxy_does_not_see_the_figures(
    detached: httpx.Client, headers: dict[str, str]
) -> None:
    answer = detached.get("/", headers=headers)

    assert answer.status_code == 200
    assert FIGURES not in answer.text


def test_open_to_the_network_the_front_page_shows_links_alone(public: httpx.Client) -> None:
    answer = public.get("/")

    assert answer.status_code == 200
    assert "What is here" in answer.text
    assert 'href="/login"' in answer.text
    assert FIGURES not in answer.text
    assert "Freshness" not in answer.text


def test_the_token_opens_the_front_page_to_a_script(public: httpx.Client) -> None:
    assert FIGURES in public.get("/", headers=BEARER).text


def test_who_logs_in_sees_the_figures_until_they_log_out(public: httpx.Client) -> None:
    answer = public.post("/login", data={"token": READ_TOKEN, "next": "/docs/dbt/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/docs/dbt/")
    assert FIGURES in public.get("/").text

    public.post("/logout")
    assert FIGURES not in public.get("/").text


def test_the_cookie_of_a_session_is_not_the_token_and_is_closed_to_scripts(
    public: httpx.Client,
) -> None:
    header = public.post("/login", data={"token": READ_TOKEN}).headers["Set-Cookie"]

    assert READ_TOKEN not in header
    assert "HttpOnly" in header
    assert "SameSite=lax" in header


def test_behind_https_the_cookie_is_never_sent_in_the_clear(start: Start) -> None:
    client = start(serving_url="https://figures.example")

    assert "Secure" in client.post("/login", data={"token": READ_TOKEN}).headers["Set-Cookie"]


@pytest.mark.parametrize("token", ["", "wrong", "é", "x" * 10_000])
def test_a_wrong_token_starts_no_session(public: httpx.Client, token: str) -> None:
    answer = public.post("/login", data={"token": token})

    assert answer.status_code == 403
    assert "That is not the read token." in answer.text
    assert COOKIE not in answer.cookies


@pytest.mark.parametrize(
    "cookie", ["", "9999999999", "9999999999.", "9999999999.0a1b", ".", "soon.0a1b"]
)
def test_a_cookie_that_we_did_not_sign_is_no_session(public: httpx.Client, cookie: str) -> None:
    public.cookies.set(COOKIE, cookie)

    assert FIGURES not in public.get("/").text


def test_a_session_that_is_over_opens_nothing(
    public: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "SESSION_SECONDS", -1)
    header = public.post("/login", data={"token": READ_TOKEN}).headers["Set-Cookie"]
    public.cookies.set(COOKIE, header.partition("=")[2].partition(";")[0])

    assert FIGURES not in public.get("/").text


def test_another_token_ends_the_sessions_of_the_old_one(public: httpx.Client, start: Start) -> None:
    cookie = public.post("/login", data={"token": READ_TOKEN}).cookies[COOKIE]

    renewed = start(bind_host=EVERYWHERE, read_token="another")
    renewed.cookies.set(COOKIE, cookie)
    assert FIGURES not in renewed.get("/").text


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "/docs/\\evil", "x"]
)
def test_the_log_in_leads_to_no_foreign_site(public: httpx.Client, target: str) -> None:
    answer = public.post("/login", data={"token": READ_TOKEN, "next": target})

    assert answer.headers["Location"] == "/"


def test_the_cookie_does_not_open_the_api(public: httpx.Client) -> None:
    public.post("/login", data={"token": READ_TOKEN})

    assert public.get("/v1/daily").status_code == 401
