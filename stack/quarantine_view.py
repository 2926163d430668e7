"""How `footfall quarantine` shows what is in quarantine, and what would become of it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ingestion.event import Event
from ingestion.items import Item, Rejected, Suppressed
from ingestion.quarantine.entries import Entry, Group
from ingestion.quarantine.fixing import Fix, Fixes
from ingestion.quarantine.paths import Path, PathError, parse_path
from ingestion.quarantine.rejudgement import NOT_ALLOWED, material
from ingestion.quarantine.remedies import remedies
from ingestion.quarantine.tally import Tally, event_name
from ingestion.rewriting import read
from ingestion.verdict import DUPLICATE, QUARANTINED, STORED, SUPPRESSED

_TIMES = "\N{MULTIPLICATION SIGN}"
_OUTCOMES = {
    STORED: "stored",
    DUPLICATE: "duplicate: an event of that id was stored before; settled",
    SUPPRESSED: "suppressed: may not be kept; settled, and what they say is deleted",
    QUARANTINED: "still in quarantine",
}


def group_lines(group: Group) -> Iterator[str]:
    """Yield what there is to say of events that are in quarantine for one reason."""
    field = f" {group.field}" if group.field else ""
    name = f"{group.category or '?'}/{group.event_type or '?'}"
    yield visible(
        f"{group.events:,} {_TIMES} {group.reason}{field} of {name}, source {group.source}, "
        f"{_minute(group.first_received_at)} to {_minute(group.last_received_at)} UTC, "
        f"such as {group.example_id}"
    )
    yield visible(f"    {group.message}")


def entry_lines(entry: Entry, item: Item) -> Iterator[str]:
    """Yield all that there is to say of one event.

    Args:
        entry: The event.
        item: What it is judged to be now.
    """
    yield f"{entry.quarantine_id}  {entry.state}"
    for name, value in _facts(entry):
        if value:
            yield visible(f"  {name:<10} {value}")
    yield ""
    text = material(entry)
    yield from event_lines(text, entry.field)
    if entry.event is not None and entry.payload:
        yield ""
        yield "as received"
        yield from event_lines(entry.payload, entry.field)
    if entry.state == "open":
        yield ""
        yield from remedy_lines(entry, item)


def remedy_lines(entry: Entry, item: Item) -> Iterator[str]:
    """Yield what an event is judged to be now, and what can be done about it."""
    if isinstance(item, Suppressed):
        yield f"  now        may not be kept: {item.reason.message}; a replay deletes what it says"
        return
    reason = item.reason if isinstance(item, Rejected) else None
    now = "would be stored" if reason is None else f"would be quarantined: {reason.message}"
    yield visible(f"  now        {now}")
    for number, command in enumerate(remedies(entry, reason)):
        yield visible(f"  {'' if number else 'remedy':<10} {command}")


def item_json(entry: Entry, item: Item) -> dict[str, Any]:
    """Return what an event is judged to be now, and what can be done, as JSON has it."""
    reason = None if isinstance(item, Event) else item.reason
    status = SUPPRESSED if isinstance(item, Suppressed) else QUARANTINED if reason else STORED
    now = {"status": status, "reason": reason and msgspec.to_builtins(reason)}
    return {"now": now, "remedies": remedies(entry, reason)}


def editable(entry: Entry) -> str:
    """Return what a person edits of an event: its JSON, or what was sent in its place."""
    return "\n".join(_pretty(material(entry))) + "\n"


def each_line(entry: Entry) -> str:
    """Return an event in a line."""
    what = f"{entry.reason} {entry.field or ''}".rstrip()
    return visible(
        f"{entry.quarantine_id:>8}  {_minute(entry.received_at)}  {entry.state:<9}  "
        f"{event_name(entry)}  {what}, source {entry.source}"
    )


def event_lines(text: str, field: str | None) -> Iterator[str]:
    """Yield an event's JSON, a line for each field, the offending ones behind a mark.

    Args:
        text: The JSON, or what was sent in its place.
        field: Path of the offending field.
    """
    try:
        document = read(text.encode())
        lines = list(_lines(document, ()))
    except (ValueError, RecursionError):
        yield from (f"  {visible(line)}" for line in text.splitlines())
        return
    try:
        marked: Path | None = parse_path(field or "")
    except PathError:
        marked = None
    for path, line in lines:
        is_marked = marked is not None and path[: len(marked)] == marked
        yield f"{'>' if is_marked else ' '} {visible(line)}"


def fix_lines(fix: Fix) -> Iterator[str]:
    """Yield what a correction changes in an event, and the verdict then."""
    entry = fix.entry
    yield visible(f"{entry.quarantine_id}  {event_name(entry)} of source {entry.source}")
    if fix.problem:
        yield visible(f"  cannot be corrected so: {fix.problem}")
        return
    before, after = _pretty(fix.before), _pretty(fix.after)
    for line in list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]:
        if not line.startswith("@@"):
            yield visible(f"  {line}")
    if fix.reason is None:
        yield "  then       would be stored"
    else:
        yield visible(f"  then       would be quarantined: {fix.reason.message}")


def fixes_lines(fixes: Fixes, *, is_done: bool) -> Iterator[str]:
    """Yield the figures of a correction, that is done or only looked at."""
    what = "corrected" if is_done else "would be corrected"
    verdicts = fixes.tally.verdicts
    yield f"{fixes.changed:>12,}  {what}"
    yield f"{verdicts[STORED]:>12,}  of them would be stored by a replay"
    yield from _reason_lines(fixes.tally)
    if fixes.unchanged:
        yield f"{fixes.unchanged:>12,}  left as they are: the correction changes nothing"
    for problem, events in fixes.problems.most_common():
        yield visible(f"{events:>12,}  cannot be corrected so: {problem}")


def tally_lines(tally: Tally, *, is_dry_run: bool) -> Iterator[str]:
    """Yield the figures of a replay."""
    for status, meaning in _OUTCOMES.items():
        if tally.verdicts[status] or status == STORED:
            yield f"{tally.verdicts[status]:>12,}  {meaning}"
    yield from _reason_lines(tally)
    if any(kind.code in NOT_ALLOWED for kind in tally.kinds):
        yield "--vouch lets in what senders were not allowed to send"
    if is_dry_run:
        yield "Nothing was changed."


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return a row as JSON has it; the sender as an object."""
    fields = entry._asdict()
    return {**fields, "sender": entry.sender and msgspec.json.decode(entry.sender)}


def visible(text: str) -> str:
    """Return text with the characters spelt out that a terminal would obey."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def _reason_lines(tally: Tally) -> Iterator[str]:
    for kind, events in tally.kinds.most_common():
        field = f" {kind.field}" if kind.field else ""
        yield visible(
            f"{events:>12,} {_TIMES} {kind.code}{field} of {kind.event}: {tally.messages[kind]}"
        )


def _facts(entry: Entry) -> Sequence[tuple[str, str | None]]:
    sender = msgspec.json.decode(entry.sender) if entry.sender else {}
    settled = None
    if entry.settled_at is not None:
        load = f" in load {entry.replay_load_id}" if entry.replay_load_id else ""
        settled = f"{entry.settled_at:%Y-%m-%d %H:%M:%S} UTC{load}"
    return (
        ("event", f"{event_name(entry)} {entry.event_id or ''}".rstrip()),
        ("reason", entry.reason),
        ("field", entry.field),
        ("message", entry.message),
        ("received", f"{entry.received_at:%Y-%m-%d %H:%M:%S} UTC in load {entry.load_id}"),
        ("settled", settled),
        ("source", entry.source),
        ("key", sender.get("name")),
        ("user", sender.get("user_id")),
        ("dialect", entry.dialect),
        ("endpoint", entry.endpoint),
    )


def _lines(
    value: object, path: Path, name: str = "", comma: str = ""
) -> Iterator[tuple[Path, str]]:
    """Yield the lines of a value's JSON, each with the path of what it shows."""
    pad = "  " * len(path)
    if isinstance(value, dict) and value:
        children = [
            ((*path, key), f"{json.dumps(key, ensure_ascii=False)}: ", child)
            for key, child in value.items()
        ]
        brackets = "{}"
    elif isinstance(value, list) and value:
        children = [((*path, number), "", child) for number, child in enumerate(value)]
        brackets = "[]"
    else:
        text = (
            bytes(value).decode()
            if isinstance(value, msgspec.Raw)
            else json.dumps(value, ensure_ascii=False)
        )
        yield path, f"{pad}{name}{text}{comma}"
        return
    yield path, f"{pad}{name}{brackets[0]}"
    for number, (below, key, child) in enumerate(children, 1):
        yield from _lines(child, below, key, "," if number < len(children) else "")
    yield path, f"{pad}{brackets[1]}{comma}"


def _pretty(text: str) -> list[str]:
    try:
        return [line for _, line in _lines(read(text.encode()), ())]
    except (ValueError, RecursionError):
        return text.splitlines()


def _minute(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
