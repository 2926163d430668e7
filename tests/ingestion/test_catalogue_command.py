"""``footfall catalogue``: one command adds an event type, or tells what is wrong with one."""

from __future__ import annotations

import json
import shlex
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from ingestion.catalogue_edit import add_event_type
from ingestion.catalogue_words import Words
from ingestion.plan import CATALOG, read_plan
from stack.commands import catalogue, quarantine
from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, page_view, stored
from tests.servers import PRIVACY_SECRET, running_ingestion
from warehouse.roles import Role
from warehouse.settings import PROJECT_ROOT, load_settings

Invoke = Callable[..., Result]
POLL_VOTE = (
    "add",
    "community/poll_vote",
    "--description",
    "Somebody voted in a poll.",
    "--field",
    "properties.choice:string:required=what they voted for",
    "--allowed",
    "properties.choice=yes,no",
)


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the catalogue, which the commands change."""
    folder = tmp_path / "catalog"
    shutil.copytree(CATALOG, folder)
    monkeypatch.setenv("FOOTFALL_CATALOG_DIR", str(folder))
    load_settings.cache_clear()
    yield folder
    load_settings.cache_clear()


@pytest.fixture
def invoke(catalog: Path) -> Invoke:
    """Run ``footfall catalogue`` with the words given."""
    return lambda *words: run(catalogue.app, *words)


def run(app: typer.Typer, *words: str) -> Result:
    return CliRunner().invoke(app, words)


def report(result: Result) -> Any:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return json.loads(result.stdout)


def snapshot(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


# the whole story


def test_an_event_type_is_quarantined_added_stored_and_what_waited_comes_in(
    warehouse: Warehouse, catalog: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    vote = {"category": "community", "event_type": "poll_vote", "entity_id": "123"}
    early, late = (page_view(**vote, properties={"choice": "yes"}) for _ in range(2))
    with running_ingestion(warehouse, FOOTFALL_CATALOG_DIR=str(catalog)) as ingestion:
        (verdict,) = ingestion.verdicts(early)
        assert verdict["status"] == "quarantined"
        assert "`footfall catalogue add community/poll_vote" in verdict["reason"]["message"]
        assert (
            "`footfall quarantine replay --event-type community/poll_vote`"
            in verdict["reason"]["message"]
        )

        assert invoke(*POLL_VOTE).exit_code == 0
        started = time.monotonic()
        while ingestion.statuses(late) != ["stored"]:
            assert time.monotonic() - started < 3
            time.sleep(0.05)

        monkeypatch.setenv("FOOTFALL_OWNER_DSN", warehouse.dsn(Role.OWNER))
        monkeypatch.setenv("FOOTFALL_PRIVACY_SECRET", PRIVACY_SECRET)
        load_settings.cache_clear()
        words = ("replay", "--event-type", "community/poll_vote", "--json")
        figures = report(run(quarantine.app, *words))
        assert figures["stored"] == len(figures["loads"]) == 1
        assert stored(warehouse, early["event_id"])["properties"] == {"choice": "yes"}
        assert ingestion.statuses(early) == ["duplicate"]
    assert_ledger_adds_up(warehouse)


# add


def test_an_event_type_is_added_as_the_guide_writes_it(catalog: Path, invoke: Invoke) -> None:
    result = invoke(*POLL_VOTE)
    assert (
        (catalog / "community.yaml")
        .read_text()
        .endswith(
            "  poll_vote:\n"
            "    description: Somebody voted in a poll.\n"
            "    fields:\n"
            "      properties.choice:\n"
            "        type: string\n"
            "        required: true\n"
            "        description: what they voted for\n"
            '        allowed: ["yes", "no"]\n'
            "    example:\n"
            "      user_id: u-17\n"
            '      entity_id: "123"\n'
            '      properties: {choice: "yes"}\n'
        )
    )
    assert "footfall quarantine replay --event-type community/poll_vote" in result.stdout
    assert sorted(snapshot(catalog)) == sorted(path.name for path in CATALOG.iterdir())


def test_adding_it_again_changes_nothing(catalog: Path, invoke: Invoke) -> None:
    invoke(*POLL_VOTE)
    before = snapshot(catalog)
    result = invoke(*POLL_VOTE)
    assert result.exit_code == 0
    assert "is there already" in result.stdout
    assert snapshot(catalog) == before


def test_another_definition_is_refused_unless_it_is_to_replace(
    catalog: Path, invoke: Invoke
) -> None:
    invoke(*POLL_VOTE)
    before = snapshot(catalog)
    other = [*POLL_VOTE[:4], "--field", "properties.choice:integer=number of the answer"]
    refused = invoke(*other)
    assert refused.exit_code == 1
    assert "with another example, properties.choice: --replace" in str(refused.exception)
    assert snapshot(catalog) == before
    assert report(invoke(*other, "--replace", "--json"))["status"] == "replaced"
    assert read_plan(catalog)["community"].event_types["poll_vote"].example["properties"] == {
        "choice": 1
    }


def test_a_dry_run_shows_the_change_and_makes_none(catalog: Path, invoke: Invoke) -> None:
    before = snapshot(catalog)
    result = invoke(*POLL_VOTE, "--dry-run")
    assert "+  poll_vote:" in result.stdout
    assert snapshot(catalog) == before


def test_every_limit_of_a_field_can_be_said(catalog: Path, invoke: Invoke) -> None:
    words = [
        *("add", "page/turn", "--description", "Turned.", "--sent-by", "canonical"),
        *("--field", "properties.angle:number=how far", "--unit", "properties.angle=°"),
        *("--minimum", "properties.angle=-180", "--maximum", "properties.angle=180.5"),
        *("--field", "properties.step:integer=which", "--allowed", "properties.step=1,2"),
        *("--example", "properties.angle=90", "--example", "context.country=DE"),
        *("--field", "user_id:required=who", "--keep-days", "30", "--entity-type", "leaf"),
    ]
    assert invoke(*words).exit_code == 0
    spec = read_plan(catalog)["page"].event_types["turn"]
    angle, step = spec.fields["properties.angle"], spec.fields["properties.step"]
    assert angle is not None
    assert step is not None
    assert (angle.minimum, angle.maximum, angle.unit, angle.example) == (-180, 180.5, "°", 90)
    assert step.allowed == [1, 2]
    assert (spec.keep_days, spec.entity_type, spec.sent_by) == (30, "leaf", ["canonical"])
    assert spec.example["context"] == {"country": "DE"}
    assert spec.example["properties"] == {"angle": 90, "step": 1}


def test_a_field_of_the_category_can_be_left_out(catalog: Path, invoke: Invoke) -> None:
    words = ("--description", "Counted.", "--without", "entity_id", "--no-personal")
    assert invoke("add", "community/census", *words).exit_code == 0
    spec = read_plan(catalog)["community"].event_types["census"]
    assert "entity_id" not in spec.fields
    assert (spec.example, spec.personal) == ({}, False)


def test_the_command_of_the_guide_writes_what_the_guide_shows(
    catalog: Path, invoke: Invoke
) -> None:
    guide = (PROJECT_ROOT / "docs" / "guides" / "add-an-event-type.md").read_text()
    command = guide.partition("```sh\n")[2].partition("```")[0]
    shown = guide.partition("```yaml\n")[2].partition("```")[0]
    assert invoke(*shlex.split(command.replace("\\\n", ""))[2:]).exit_code == 0
    assert (catalog / "community.yaml").read_text().endswith(shown)


def test_a_category_is_made_with_its_first_event_type(catalog: Path, invoke: Invoke) -> None:
    words = ["add", "garden/rose_cut", "--description", "A rose was cut."]
    refused = invoke(*words)
    assert "there is no category garden" in str(refused.exception)
    assert "--new-category" in str(refused.exception)
    assert invoke(*words, "--new-category", "What grows.").exit_code == 2
    whole = [*words, "--new-category", "What grows.", "--keep-days", "30", "--no-personal"]
    assert invoke(*whole).exit_code == 0
    assert "is there already" in invoke(*whole).stdout
    garden = read_plan(catalog)["garden"]
    assert (garden.description, garden.keep_days, garden.personal) == ("What grows.", 30, False)
    whole[whole.index("30")] = "31"
    assert "with keep_days 30" in str(invoke(*whole).exception)


def test_two_who_add_at_once_lose_nothing(catalog: Path) -> None:
    names = [f"vote_{number}" for number in range(6)]
    threads = [
        threading.Thread(target=add_event_type, args=(catalog, "community", name, Words("Voted.")))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(names) <= read_plan(catalog)["community"].event_types.keys()


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("community/Poll", [], "'Poll' is not snake_case"),
        ("../x/poll", [], "'..' is not snake_case"),
        ("community/poll", ["--field", "properties.x=y"], "say its type"),
        ("community/poll", ["--field", "properties.x:whole=y"], "whole is no type"),
        ("community/poll", ["--field", "properties.x:string"], "is not PATH[:TYPE]"),
        ("community/poll", ["--field", "choice=y"], "choice: is no field of an event"),
        ("community/poll", ["--unit", "properties.x=ms"], "declare properties.x too"),
        ("community/poll", ["--unit", "properties.x"], "is not PATH=VALUE"),
        (
            "community/poll",
            ["--field", "properties.x:string=y", "--unit", "properties.x=ms"],
            "unit needs the type",
        ),
        (
            "community/poll",
            ["--field", "properties.x:integer=y", "--allowed", "properties.x=a"],
            "'a' is no integer",
        ),
        (
            "community/poll",
            ["--field", "properties.x:integer=y", "--example", "properties.x=1.5"],
            "example: properties.x of community/poll must be an integer",
        ),
        ("community/poll", ["--example-event", "{}"], "entity_id of community/poll is missing"),
        ("community/poll", ["--example-event", "[]"], "no JSON object"),
        ("community/poll", ["--example-event", "{"], "no JSON"),
        ("community/poll", ["--entity-type", "poll", "--example", "entity_type=x"], "is always"),
    ],
)
def test_what_cannot_be_added_is_told_and_changes_nothing(
    catalog: Path, invoke: Invoke, name: str, words: list[str], message: str
) -> None:
    before = snapshot(catalog)
    result = invoke("add", name, "--description", "A poll.", *words)
    assert result.exit_code == 1
    assert message in str(result.exception)
    assert snapshot(catalog) == before


def test_a_catalogue_that_is_wrong_already_is_not_changed(catalog: Path, invoke: Invoke) -> None:
    (catalog / "user.yaml").write_text("category: user")
    before = snapshot(catalog)
    result = invoke(*POLL_VOTE)
    assert result.exit_code == 1
    assert "user.yaml" in str(result.exception)
    assert snapshot(catalog) == before


# check


def test_the_catalogue_is_sound(invoke: Invoke) -> None:
    result = invoke("check", str(CATALOG))
    assert result.exit_code == 0
    assert "0 problems, 0 warnings" in result.stdout


def test_all_that_is_wrong_is_told_with_file_event_type_and_field(
    catalog: Path, invoke: Invoke
) -> None:
    (catalog / "garden.yaml").write_text(
        """
category: garden
description: What grows.
keep_days: 30
personal: false
sent_by: [canonical, pigeon]
event_types:
  rose_cut:
    description: A rose was cut.
    fields:
      properties.stems: {type: integer, unit: stems, description: how many, example: many}
    example: {properties: {stems: 1}}
  rain:
    description: It rained.
    fields:
      properties.stems: {type: number, description: how many}
      properties.depth: {type: number, required: true, description: how much}
    example: {}
"""
    )
    (catalog / "house.yaml").write_text(
        """
category: house
description: What stands.
keep_days: soon
personal: false
event_types:
  built:
    description: It was built.
    fields:
      properties.height: {type: whole, description: how high}
      properties.width: {kind: number, description: how wide}
    example: {}
"""
    )
    result = invoke("check", "--json")
    assert result.exit_code == 1
    found = report(result)
    problems = {(one["file"], one["event_type"], one["field"]) for one in found["problems"]}
    assert problems == {
        ("garden.yaml", "rose_cut", "properties.stems"),
        ("garden.yaml", "rain", "properties.depth"),
        ("house.yaml", None, None),
        ("house.yaml", "built", "properties.height"),
        ("house.yaml", "built", "properties.width"),
    }
    warnings = {(one["event_type"], one["field"], one["text"][:20]) for one in found["warnings"]}
    assert warnings == {
        (None, "properties.stems", "has not the same typ"),
        (None, "properties.stems", "has not the same uni"),
        ("rose_cut", None, "sent_by: there is no"),
        ("rain", None, "sent_by: there is no"),
    }
    text = invoke("check").stdout
    assert "problem: house.yaml: built: properties.height: Invalid enum value 'whole'" in text
    assert "integer in rose_cut; number in rain" in text


def test_a_folder_without_files_is_an_error(tmp_path: Path, invoke: Invoke) -> None:
    (tmp_path / "empty").mkdir()
    result = invoke("check", str(tmp_path / "empty"))
    assert result.exit_code == 1
    assert "holds no catalogue files" in str(result.exception)


# list and show


def test_the_list_has_every_event_type(invoke: Invoke) -> None:
    listed = report(invoke("list", "--json"))
    assert len(listed) == sum(len(spec.event_types) for spec in read_plan().values())
    lines = invoke("list", "community").stdout.splitlines()
    assert any(line.startswith("community/join") and "became a member" in line for line in lines)
    assert all(line.startswith("community/") for line in lines)
    assert "do you mean community?" in str(invoke("list", "comunity").exception)


def test_one_event_type_is_shown_with_its_fields_and_how_to_send_it(invoke: Invoke) -> None:
    shown = invoke("show", "product/purchase").stdout
    assert "entity_id" in shown
    assert "properties.price" in shown
    assert "$FOOTFALL_WRITE_KEY" in shown
    details = report(invoke("show", "product/purchase", "--json"))
    assert details["fields"]["entity_id"]["required"] is True
    assert json.loads(details["curl"].partition(" -d '")[2][:-1]) == details["example"]
    assert "do you mean product/purchase" in str(invoke("show", "product/purchas").exception)
    assert invoke("show", "purchase").exit_code == 2
