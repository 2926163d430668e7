from __future__ import annotations

import httpx


def test_serving_is_ready_while_the_warehouse_answers(client: httpx.Client) -> None:
    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": "ok"}}


def test_serving_lives_but_is_not_ready_while_the_warehouse_is_away(
    detached: httpx.Client,
) -> None:
    assert detached.get("/health/live").status_code == 200
    answer = detached.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "away"}
