"""A sender with a source of its own, and what it sends into quarantine."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from typer.testing import Result

from tests.conftest import Warehouse
from tests.ingestion.ledger import query
from tests.servers import RunningIngestion

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


def activity(shop: Shop, **fields: object) -> str:
    """Send an activity as the marketplace does that goes into quarantine; return its number."""
    key = {"authorization": f"Bearer fw_{shop.source}"}
    event = {"product_id": "mug", "action": "view", "session_key": "s-1", **fields}
    answer = shop.ingestion.call("POST", "/api/activity/track/", event, key)
    assert answer.status_code in (400, 404), answer.text
    return str(shop.rows()[-1]["quarantine_id"])


def report(result: Result) -> Any:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return json.loads(result.stdout)
