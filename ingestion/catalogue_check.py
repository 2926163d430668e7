"""What is wrong with the catalogue's files, beyond what keeps ingestion from reading them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from ingestion.admission import Rules
from ingestion.catalogue import Catalogue, EventType
from ingestion.dialects import DIALECTS, canonical
from ingestion.items import Rejected
from ingestion.judgement import judge
from ingestion.plan import CategorySpec, Problem, examine_plan
from ingestion.privacy import Privacy
from ingestion.request import Request
from ingestion.routing import Route
from ingestion.sender import Sender
from ingestion.verdict import QuarantineError
from warehouse.settings import Settings

_ROUTE = Route(canonical.DIALECT, canonical.DIALECT.endpoints[0], {})
_REQUEST = Request(Sender("catalogue", "catalogue"), {}, "")
_SENDERS = {"import", *(dialect.name for dialect in DIALECTS)}


class Checked(NamedTuple):
    """What was found in a catalogue.

    Attributes:
        event_types: How many event types it has.
        problems: What is wrong.
        warnings: What looks wrong.
    """

    event_types: int
    problems: list[Problem]
    warnings: list[Problem]


def check_catalogue(folder: Path) -> Checked:
    """Check all files of a catalogue, and that every example is a valid event of its own type.

    Raises:
        PlanError: There are no files.
    """
    categories, problems = examine_plan(folder)
    broken = {problem.file for problem in problems}
    catalogue = Catalogue(
        {name: spec for name, spec in categories.items() if _file(name) not in broken}
    )
    rules = rules_for_examples(catalogue)
    for kind in catalogue:
        problems += _example_problems(kind, rules)
    warnings = [
        warning for spec in catalogue.categories.values() for warning in _disagreements(spec)
    ]
    for kind in catalogue:
        strangers = sorted(set(kind.spec.sent_by) - _SENDERS)
        if strangers:
            text = f"sent_by: there is no wire format {', '.join(strangers)}"
            warnings.append(Problem(_file(kind.category), kind.name, None, text))
    event_types = sum(len(spec.event_types) for spec in categories.values())
    return Checked(event_types, problems, warnings)


def rules_for_examples(catalogue: Catalogue) -> Rules:
    """Return the rules that examples are held against: those of an event whose person consents."""
    settings = Settings(_env_file=None, consent="off", track_anonymous=True, bots="keep")
    return Rules.of(settings, catalogue, Privacy(settings))


def check_example(kind: EventType, rules: Rules) -> Problem | None:
    """Judge the example of an event type as if it were sent now.

    Args:
        kind: The event type.
        rules: What it is held against.

    Returns:
        What is wrong with it; None where it would be stored.
    """
    event = {"category": kind.category, "event_type": kind.name, **kind.spec.example}
    now = dt.datetime.now(dt.UTC)
    item = judge(_ROUTE, msgspec.json.encode(event), _REQUEST, rules, now)
    if not isinstance(item, Rejected):
        return None
    text = f"example: {item.reason.message}"
    return Problem(_file(kind.category), kind.name, item.reason.field, text)


def _example_problems(kind: EventType, rules: Rules) -> Iterator[Problem]:
    for path, spec in kind.fields.items():
        if spec.example is None or "." not in path:
            continue
        try:
            kind.check_field(path, spec.example)
        except QuarantineError as error:
            text = f"example: {error.reason.message}"
            yield Problem(_file(kind.category), kind.name, path, text)
    problem = check_example(kind, rules)
    if problem is not None:
        yield problem


def _disagreements(category: CategorySpec) -> Iterator[Problem]:
    """Yield the fields that are not the same thing in all event types of a category."""
    for what in ("type", "unit"):
        uses: dict[str, dict[str | None, list[str]]] = defaultdict(lambda: defaultdict(list))
        for name, event_type in category.event_types.items():
            for path, spec in event_type.fields.items():
                if spec is not None:
                    uses[path][getattr(spec, what)].append(name)
        for path, kinds in uses.items():
            if len(kinds) > 1:
                said = "; ".join(f"{kind or 'none'} in {', '.join(kinds[kind])}" for kind in kinds)
                text = f"has not the same {what} everywhere: {said}"
                yield Problem(_file(category.category), None, path, text)


def _file(category: str) -> str:
    return f"{category}.yaml"
