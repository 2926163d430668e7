"""Adding an event type to the catalogue's files, so that all else in them stays as it is."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ingestion.catalogue import Catalogue, EventType
from ingestion.catalogue_check import check_example, rules_for_examples
from ingestion.catalogue_words import Words, make_example, read_fields
from ingestion.catalogue_yaml import EditError, with_event_type
from ingestion.dialects import canonical
from ingestion.plan import (
    LONGEST_NAME,
    SNAKE_CASE,
    CategorySpec,
    PlanError,
    TypeSpec,
    read_plan,
)

ADDED = "added"
REPLACED = "replaced"
UNCHANGED = "unchanged"

_NEW_FILE_MODE = 0o644


class NewCategory(NamedTuple):
    """A category that is made for its first event type.

    Attributes:
        description: What its event types have in common.
        keep_days: How long raw events are kept.
        personal: Whether they tell of a person.
    """

    description: str
    keep_days: int
    personal: bool


class Edited(NamedTuple):
    """What became of a file of the catalogue.

    Attributes:
        status: ``added``, ``replaced`` or ``unchanged``.
        path: The file.
        before: Its text; empty where it was not there.
        after: Its text now.
        kind: The event type.
    """

    status: str
    path: Path
    before: str
    after: str
    kind: EventType


def add_event_type(
    folder: Path,
    category: str,
    name: str,
    words: Words,
    *,
    new_category: NewCategory | None = None,
    replaces: bool = False,
    is_dry_run: bool = False,
) -> Edited:
    """Add an event type to the file of its category; what else the file holds stays as it is.

    A running ingestion takes it over by itself. Where the catalogue has the event type already,
    and exactly so, nothing changes.

    Args:
        folder: Where the YAML files are.
        category: Its category.
        name: Its name.
        words: What it is.
        new_category: The category, where it may have to be made.
        replaces: Whether an event type that is otherwise defined is replaced.
        is_dry_run: Whether nothing is written.

    Returns:
        What became of the file.

    Raises:
        EditError: It is there already and otherwise, or the file cannot be changed.
        PlanError: The catalogue is wrong, or would be.
        WordsError: What was said of it cannot be read.
    """
    _check_names(category, name)
    with _locked(folder):
        plan = read_plan(folder)
        path = folder / f"{category}.yaml"
        spec = plan.get(category)
        before = "" if spec is None else path.read_text(encoding="utf-8")
        if spec is None:
            spec = _new_category(category, new_category, plan)
        elif new_category is not None:
            _check_same(spec, new_category)
        content = _content(words, spec)
        after = with_event_type(before, spec, name, content)
        changed = _read_changed(folder, path.name, after)
        old, new = spec.event_types.get(name), changed[category].event_types[name]
        status = _status(old, new)
        if old is not None and status == REPLACED and not replaces:
            raise EditError(
                f"{category}/{name} is there already, with another {_differences(old, new)}: "
                "--replace puts yours in its place"
            )
        catalogue = Catalogue(changed)
        kind = EventType(category, name, new)
        problem = check_example(kind, rules_for_examples(catalogue))
        if problem is not None:
            raise PlanError(f"{problem}; give a valid one by --example PATH=VALUE")
        if status == UNCHANGED:
            after = before
        elif not is_dry_run:
            _replace(path, after)
        return Edited(status, path, before, after, kind)


def _check_names(*names: str) -> None:
    """Make sure that names are none that lead elsewhere.

    Raises:
        EditError: They are no names of the catalogue's.
    """
    for name in names:
        if not SNAKE_CASE.fullmatch(name) or len(name) > LONGEST_NAME:
            raise EditError(f"{name!r} is not snake_case of at most {LONGEST_NAME} letters")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep others who would change the same folder waiting for the duration of the block."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise PlanError(f"{folder} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _new_category(
    name: str, wanted: NewCategory | None, plan: Mapping[str, CategorySpec]
) -> CategorySpec:
    if wanted is None:
        raise EditError(
            f"there is no category {name}: it is one of {', '.join(plan)}; or add it by "
            "--new-category DESCRIPTION"
        )
    return CategorySpec(
        category=name, event_types={}, sent_by=[canonical.DIALECT.name], **wanted._asdict()
    )


def _check_same(known: CategorySpec, wanted: NewCategory) -> None:
    for name, value in wanted._asdict().items():
        if getattr(known, name) != value:
            raise EditError(
                f"the category {known.category} is there already, with {name} "
                f"{getattr(known, name)!r}: leave --new-category out"
            )


def _content(words: Words, category: CategorySpec) -> dict[str, Any]:
    """Return what the YAML says of an event type."""
    fields = read_fields(words)
    is_personal = category.personal if words.personal is None else words.personal
    example = make_example(words, fields, category.fields, is_personal=is_personal)
    said = {
        "description": words.description,
        "entity_type": words.entity_type,
        "sent_by": list(words.sent_by) or None,
        "keep_days": words.keep_days,
        "personal": words.personal,
        "fields": fields or None,
    }
    return {
        **{name: value for name, value in said.items() if value is not None},
        "example": example,
    }


def _read_changed(folder: Path, file: str, text: str) -> dict[str, CategorySpec]:
    """Read the catalogue as it would be with another text in one of its files.

    Raises:
        PlanError: It would be wrong.
    """
    with tempfile.TemporaryDirectory(prefix="footfall-") as name:
        copy = Path(name)
        for path in folder.glob("*.yaml"):
            shutil.copy(path, copy)
        (copy / file).write_text(text, encoding="utf-8")
        return read_plan(copy)


def _status(old: TypeSpec | None, new: TypeSpec) -> str:
    if old is None:
        return ADDED
    return UNCHANGED if old == new else REPLACED


def _differences(old: TypeSpec, new: TypeSpec) -> str:
    """Return which parts of two definitions of an event type differ."""
    names = [
        name
        for name in TypeSpec.__struct_fields__
        if name != "fields" and getattr(old, name) != getattr(new, name)
    ]
    paths = [
        path
        for path in {**old.fields, **new.fields}
        if old.fields.get(path) != new.fields.get(path)
    ]
    return ", ".join([*names, *paths])


def _replace(path: Path, text: str) -> None:
    """Put a text in a file's place, whole or not at all."""
    beside: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.stem}-", delete=False
        ) as file:
            beside = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(path.stat().st_mode & 0o777 if path.exists() else _NEW_FILE_MODE)
        beside.replace(path)
    except OSError as error:
        if beside is not None:
            beside.unlink(missing_ok=True)
        raise EditError(
            f"{path} cannot be written: {error.strerror}. FOOTFALL_CATALOG_DIR may name a folder "
            "that can be."
        ) from error
