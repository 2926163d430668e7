"""Nothing that people can use is left out of the docs, and nothing in them has gone stale."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.plan import read_plan
from pipeline.domains import mart_domains
from stack.airflow import SECRET_VARIABLES
from stack.cli import COMMANDS
from stack.dags_reference import dag_files, read_dags
from stack.reference import PAGES, REFERENCE, read_marts
from warehouse.settings import ENV_PREFIX, PROJECT_ROOT, Settings

README = PROJECT_ROOT / "README.md"
# `FOOTFALL_<PART>_PORT` and the like, and what stack/processes.py marks our processes with
NOT_SETTINGS = {"FOOTFALL_PART", "FOOTFALL_"}


def guides() -> list[Path]:
    return [README, PROJECT_ROOT / "CHANGELOG.md", *sorted((PROJECT_ROOT / "docs").rglob("*.md"))]


def tracked(*patterns: str) -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [PROJECT_ROOT / name for name in names if (PROJECT_ROOT / name).is_file()]


@pytest.mark.parametrize(("name", "render"), PAGES.items(), ids=list(PAGES))
def test_a_generated_page_is_current(name: str, render: Callable[[], str]) -> None:
    assert (REFERENCE / name).read_text() == render(), "run `make docs`"


def test_every_environment_variable_that_the_code_knows_is_documented() -> None:
    text = "".join(path.read_text() for path in guides())
    known = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for path in tracked("*.py", "*.sh", "*.yml", "Makefile", "Dockerfile", ":!tests", ":!bench"):
        known |= set(re.findall(r"\bFOOTFALL_[A-Z_]*", path.read_text()))

    missing = {name for name in known | {*SECRET_VARIABLES} if f"`{name}`" not in text}

    assert missing <= NOT_SETTINGS


def test_every_dag_is_in_the_reference() -> None:
    dags = read_dags()

    assert {dag.file for dag in dags} == {path.name for path in dag_files()}
    assert {dag.dag_id for dag in dags} == {path.stem for path in dag_files()}
    text = (REFERENCE / "dags.md").read_text()
    for dag in dags:
        assert f"\n## {dag.dag_id}\n" in text


def test_every_mart_is_in_the_reference_with_its_grain() -> None:
    text = (REFERENCE / "marts.md").read_text()
    for domain in mart_domains():
        models = {path.stem for path in (PROJECT_ROOT / "dbt_project").rglob(f"{domain}/*.sql")}
        marts = {mart["name"]: mart for mart in read_marts(domain)}
        assert marts.keys() <= models
        for name, mart in marts.items():
            assert f"\n### marts.{name}\n" in text
            assert re.search(r"One row per [^.]+\.$", mart["description"]), name
            assert all(column["description"] for column in mart["columns"]), name


def test_every_event_type_is_in_the_reference() -> None:
    text = (REFERENCE / "events.md").read_text()
    for category, spec in read_plan().items():
        for name in spec.event_types:
            assert f"\n### {category} / {name}\n" in text


def test_every_command_and_every_target_is_in_the_readme() -> None:
    text = README.read_text()
    targets = re.findall(r"^([a-z]+):.*## ", (PROJECT_ROOT / "Makefile").read_text(), re.MULTILINE)

    assert [name for name in COMMANDS if f"`footfall {name}" not in text] == []
    assert [name for name in targets if f"`make {name}`" not in text] == []


def test_the_tree_in_the_readme_has_every_folder() -> None:
    folders = {path.relative_to(PROJECT_ROOT).parts[0] for path in tracked("*/*")}
    [tree] = re.findall(r"```text\n(warehouse/.*?)```", README.read_text(), re.DOTALL)

    assert [name for name in sorted(folders) if f"\n{name}/" not in f"\n{tree}"] == []


def test_every_page_is_in_the_index() -> None:
    docs = PROJECT_ROOT / "docs"
    pages = {str(path.relative_to(docs)) for path in docs.rglob("*.md")} - {"index.md"}

    assert set(re.findall(r"\]\(((?!\.)[^)#:]+)", (docs / "index.md").read_text())) == pages


@pytest.mark.parametrize("path", guides(), ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), target
