"""The guides: their examples work, and they name every limit and every code."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from ingestion.plan import CATALOG, read_plan
from tests.servers import RunningIngestion
from warehouse.settings import PROJECT_ROOT, Settings

GUIDES = PROJECT_ROOT / "docs" / "guides"
SEND = (GUIDES / "send-events.md").read_text()
ADD = (GUIDES / "add-an-event-type.md").read_text()


def block(text: str, language: str) -> str:
    """Return the first code block in a language."""
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


def test_the_event_of_the_guide_is_stored(ingestion: RunningIngestion) -> None:
    event = json.loads(block(SEND, "sh").partition("-d '")[2].rpartition("'")[0])
    assert {"results": ingestion.verdicts(event)} == json.loads(block(SEND, "json"))


def test_the_python_of_the_guide_sends_events(
    ingestion: RunningIngestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_INGESTION_URL", ingestion.url)
    monkeypatch.setenv("FOOTFALL_WRITE_KEY", ingestion.write_key)
    names: dict[str, object] = {}
    exec(compile(block(SEND, "python"), "send-events.md", "exec"), names)  # noqa: S102
    send = names["send"]
    assert callable(send)
    events = [{"category": "user", "event_type": "login", "user_id": "u"}] * 2
    assert [verdict["status"] for verdict in send(events)] == ["stored", "duplicate"]


def test_every_limit_is_in_the_guide_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        if name.startswith("max_"):
            (line,) = [line for line in SEND.splitlines() if f"`FOOTFALL_{name.upper()}`" in line]
            assert f" {field.default:,} " in line


def test_every_code_is_in_the_guide() -> None:
    sources = "".join(
        path.read_text()
        for path in (PROJECT_ROOT / "ingestion").glob("*.py")
        if path.name != "client.py"  # its reasons are of events that it could not send
    )
    raised = re.findall(
        r"(?:QuarantineError|_error|Reason|UnavailableError|RefusedError)"
        r'\(\s*(?:\d+,\s*)?"([a-z_]+)"',
        sources,
    )
    assert len(set(raised)) > 20
    assert [code for code in sorted(set(raised)) if f"`{code}`" not in SEND] == []


def test_the_event_type_of_the_guide_is_valid(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    shutil.copytree(CATALOG, folder)
    with (folder / "community.yaml").open("a") as file:
        file.write(block(ADD, "yaml"))
    assert "poll_vote" in read_plan(folder)["community"].event_types
