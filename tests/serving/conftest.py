"""A running read side: the real server on a free port, over the warehouse of the test."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from serving.__main__ import make_server
from tests.conftest import Warehouse, free_port
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

READ_TOKEN = "read-token-of-the-tests"
NOBODY = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
BEARER = {"Authorization": f"Bearer {READ_TOKEN}"}

Start = Callable[..., httpx.Client]


def make_settings(home: Path, **changes: object) -> Settings:
    """Return settings of serving over a database that is away; ``changes`` may name another."""
    port = free_port()
    values: dict[str, object] = {
        "home": home,
        "serving_port": port,
        "serving_url": f"http://127.0.0.1:{port}",
        "serving_dsn": SecretStr(NOBODY),
        "read_token": SecretStr(READ_TOKEN),
    }
    return Settings.model_validate(values | changes)


@contextmanager
def running(settings: Settings) -> Iterator[httpx.Client]:
    """Run the server in a thread; the client asks it by 127.0.0.1."""
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        server = make_server(settings)
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(server.stop))
        await server.serve()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    base_url = f"http://127.0.0.1:{settings.serving_port}"
    try:
        with httpx.Client(base_url=base_url, trust_env=False) as client:
            wait_until_live(client)
            yield client
    finally:
        for call in stop:
            call()
        thread.join(20)
        assert not thread.is_alive()


def wait_until_live(client: httpx.Client, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            client.get("/health/live").raise_for_status()
        except httpx.TransportError:
            assert time.monotonic() < deadline, "serving does not answer"
            time.sleep(0.02)
        else:
            return


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start serving with settings changed as given; it stops after the test."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(running(make_settings(tmp_path, **changes)))


@pytest.fixture
def client(start: Start, warehouse: Warehouse) -> httpx.Client:
    """A client of serving with the settings of one machine."""
    return start(serving_dsn=warehouse.dsn(Role.SERVING))


@pytest.fixture
def detached(start: Start) -> httpx.Client:
    """A client of serving whose database is away, for what needs none."""
    return start()


@pytest.fixture
def marts(warehouse: Warehouse) -> None:
    """The daily mart, as the pipeline leaves it, with twelve days of November 2026."""
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute(
            """
            create table marts.daily_analytics as
            select
                day::date as date,
                (n * 10)::bigint as total_users,
                (n + 5)::bigint as active_users,
                n::bigint as new_users,
                1::bigint as new_registrations,
                (n * 2)::bigint as sessions,
                (n * n * 100)::bigint as events,
                (n * 60)::bigint as page_views,
                0::bigint as community_views,
                0::bigint as community_joins,
                0.000 as average_online_members,
                0::bigint as peak_community_activity,
                0::bigint as geo_access_attempts,
                0::bigint as geo_blocked_attempts,
                0::bigint as geo_allowed_access,
                0::bigint as traveler_access_count,
                0::bigint as content_views,
                0::bigint as content_interactions,
                0::bigint as new_posts,
                0::bigint as new_comments,
                0::bigint as total_likes,
                0::bigint as total_shares,
                0::bigint as total_interactions,
                n::bigint as api_requests,
                0::bigint as error_count,
                case when n > 1 then 12.5 end as avg_response_time,
                95.4 as avg_session_duration,
                33.3 as bounce_rate,
                day::timestamptz as created_at
            from generate_series(date '2026-11-01', date '2026-11-12', interval '1 day')
                with ordinality as days (day, n)
            """
        )
