"""Every condition is described, and the runbook says what to do about it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from pipeline.alerts import raise_alert
from pipeline.conditions import CONDITIONS, condition_of
from tests.conftest import Warehouse
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import PROJECT_ROOT

RUNBOOK = (PROJECT_ROOT / "docs" / "guides" / "alerts.md").read_text().partition("## Runbook")[2]


def test_the_runbook_has_an_entry_for_each_condition_and_no_other() -> None:
    assert re.findall(r"^### `(.+)`$", RUNBOOK, re.MULTILINE) == list(CONDITIONS)


def test_each_entry_says_what_to_do() -> None:
    entries = re.split(r"^### .+$", RUNBOOK, flags=re.MULTILINE)[1:]
    assert min(len(entry.split()) for entry in entries) > 25


def names_raised_in_code() -> Iterator[str]:
    """Find what stands where an alert is raised: a constant, or what an f-string begins with."""
    for folder in ("pipeline", "expectations", "stack"):
        for path in (PROJECT_ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant | ast.JoinedStr):
                    text = ast.unparse(node).strip("f'\"")
                    found = re.fullmatch(r"[a-z_]+:(\{.*\}|[a-z.]+)", text)
                    if found:
                        yield text


def test_every_name_that_the_code_raises_is_a_condition() -> None:
    known = {name.partition(":")[0] for name in CONDITIONS}
    raised = {name for name in names_raised_in_code() if name.partition(":")[0] in known}
    assert {"gate:raw"} <= raised
    for name in raised:
        condition_of(re.sub(r"\{.*\}", "x", name))


def test_what_is_no_condition_cannot_be_raised(warehouse: Warehouse) -> None:
    with (
        connect(warehouse.dsn(Role.TRANSFORM)) as connection,
        pytest.raises(ValueError, match="describe it in"),
    ):
        raise_alert(connection, "moon:full", "warning", "it shines")
