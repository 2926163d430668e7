"""The guide of the older systems names every endpoint, and its examples work."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ingestion.dialect import Dialect
from ingestion.dialects import DIALECTS
from ingestion.plan import read_plan
from tests.servers import RunningIngestion
from warehouse.settings import PROJECT_ROOT

GUIDE = (PROJECT_ROOT / "docs" / "guides" / "replace-your-tracking.md").read_text()
SEND = (PROJECT_ROOT / "docs" / "guides" / "send-events.md").read_text()
EXAMPLES = re.findall(r'curl "\$FOOTFALL_INGESTION_URL(\S+)".*?-d \'(.*?)\'\n', GUIDE, re.DOTALL)
SENT_BY: dict[str, set[Any]] = {
    "marketplace": {("product", name) for name in ("view", "click", "favorite", "unfavorite")}
    | {("product", "cart_add"), ("product", "cart_remove")},
    "ecommerce": {"user", "product", "order", "recommendation"},
    "community": {"community", "geo"}
    | {("system", name) for name in ("metric", "error")}
    | {("system", f"error_{name}") for name in ("resolved", "reopened", "deleted")},
    "tracking": {"user", "content", "conversion"}
    | {("analytics", "custom"), ("system", "api_request"), ("page", "heatmap")},
    "events": {"user_action", "system_event", "milestone", "notification", "analytics"},
}


def test_every_endpoint_is_in_the_guide_unless_it_refuses_all() -> None:
    for dialect in DIALECTS[1:]:
        for endpoint in dialect.endpoints:
            if endpoint.operation.status != 405:
                assert f"`{endpoint.method} {endpoint.path}`" in GUIDE


@pytest.mark.parametrize(("path", "body"), EXAMPLES, ids=[path for path, _ in EXAMPLES])
def test_the_examples_of_the_guide_are_stored(
    ingestion: RunningIngestion, path: str, body: str
) -> None:
    answer = ingestion.call("POST", path, json.loads(body))
    assert answer.status_code == 201, answer.text


def test_every_code_of_the_dialects_is_in_a_guide() -> None:
    sources = "".join(
        path.read_text() for path in (PROJECT_ROOT / "ingestion" / "dialects").glob("*.py")
    )
    raised = re.findall(r'(?:QuarantineError|Error)\(\s*(?:\d+,\s*)?"([a-z_]+)"', sources)
    assert len(set(raised)) > 5
    assert [code for code in sorted(set(raised)) if f"`{code}`" not in GUIDE + SEND] == []


@pytest.mark.parametrize("dialect", SENT_BY)
def test_the_catalogue_says_which_events_a_system_sends(dialect: str) -> None:
    sent = {
        (category, name)
        for category, spec in read_plan().items()
        for name, kind in spec.event_types.items()
        if dialect in kind.sent_by
    }
    wanted = SENT_BY[dialect]
    assert sent == {
        (category, name)
        for category, spec in read_plan().items()
        for name in spec.event_types
        if category in wanted or (category, name) in wanted
    }


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_example_of_every_endpoint_is_answered_as_it_says(
    ingestion: RunningIngestion, dialect: Dialect
) -> None:
    for endpoint in dialect.endpoints:
        if "{" not in endpoint.path:
            operation = endpoint.operation
            answer = ingestion.call(endpoint.method, endpoint.path, operation.example)
            assert answer.status_code == operation.status, answer.text
