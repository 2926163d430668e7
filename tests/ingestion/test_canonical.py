"""POST /v1/events."""

from __future__ import annotations

from tests.servers import RunningIngestion


def test_a_single_event_is_stored(ingestion: RunningIngestion) -> None:
    verdicts = ingestion.verdicts({"category": "user", "event_type": "page_view", "user_id": "u1"})
    assert [verdict["status"] for verdict in verdicts] == ["stored"]
