"""What can be done about an event in quarantine, as commands to type."""

from __future__ import annotations

import shlex

from ingestion.quarantine.entries import Entry
from ingestion.quarantine.rejudgement import NOT_ALLOWED
from ingestion.verdict import Reason

_SETTINGS = {
    "event_too_large": "FOOTFALL_MAX_EVENT_BYTES",
    "too_deep": "FOOTFALL_MAX_DEPTH",
    "string_too_long": "FOOTFALL_MAX_STRING_LENGTH",
}
_UNREADABLE = ("not_json", "not_an_object", "not_finite", "not_readable")


def remedies(entry: Entry, reason: Reason | None) -> list[str]:
    """Return the commands by which an event may come in, the likeliest first.

    Args:
        entry: The event.
        reason: Why it cannot be stored now; None where it can.
    """
    replay = "footfall quarantine replay"
    if reason is None:
        return [f"{replay} {entry.quarantine_id}"]
    if reason.code in NOT_ALLOWED:
        return [f"{replay} {entry.quarantine_id} --vouch"]
    commands = []
    if reason.code == "unknown_event_type" and entry.category and entry.event_type:
        name = f"{entry.category}/{entry.event_type}"
        commands.append(f"footfall catalogue add {name} --description …")
        commands.append(f"{replay} --event-type {name}")
    if reason.code in _SETTINGS:
        commands.append(f"footfall settings set {_SETTINGS[reason.code]} …")
        commands.append(f"{replay} --reason {reason.code}")
    fix = f"footfall quarantine fix {entry.quarantine_id}"
    return [*commands, *(f"{fix} {words}" for words in _corrections(reason))]


def _corrections(reason: Reason) -> list[str]:
    if reason.field is None or reason.code in _UNREADABLE:
        return ["--edit"]
    field = shlex.quote(reason.field)
    if reason.code == "unknown_field":
        return [f"--rename {field}=properties.{field}", f"--unset {field}"]
    if reason.code in ("missing_field", "unknown_event_type"):
        return [f"--set {field}=…"]
    return [f"--set {field}=…", f"--unset {field}"]
