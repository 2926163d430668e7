"""Titles of the fasting app's events: a sentence from who, what and about which thing."""

from __future__ import annotations

from collections.abc import Mapping

NOBODY = "System"  # who did what no user did
_TEMPLATES = {
    "user_joined_fast": "{user} joined {target}",
    "user_left_fast": "{user} left {target}",
    "user_logged_in": "{user} logged in",
    "user_logged_out": "{user} logged out",
    "fast_beginning": "{target} has begun",
    "fast_ending": "{target} has ended",
    "fast_created": "{target} was created",
    "fast_updated": "{target} was updated",
    "devotional_available": "New devotional available: {target}",
    "fast_participant_milestone": "{target} reached {threshold} participants",
    "user_milestone_reached": "{user} reached the milestone {milestone}",
}
_DETAILS = {"threshold", "milestone"}  # properties that a template may name


def title_of(
    event_type: str,
    *,
    user: str | None,
    target_type: str | None,
    target_id: str | None,
    properties: Mapping[str, object],
) -> str:
    """Return the title of an event.

    Args:
        event_type: What happened, such as ``user_joined_fast``.
        user: Id of who did it.
        target_type: Kind of thing that it is about.
        target_id: Which thing it is about.
        properties: The event's; a title among them is the title.

    >>> title_of("user_joined_fast", user="Ada", target_type="fast", target_id="123", properties={})
    'Ada joined fast 123'
    """
    given = properties.get("title")
    if isinstance(given, str) and given:
        return given
    target = " ".join(filter(None, (target_type, target_id)))
    known = {"user": user or NOBODY, "target": target or "something"}
    details = {name: properties[name] for name in _DETAILS if name in properties}
    template = _TEMPLATES.get(event_type, "")
    if not template or any(f"{{{name}}}" in template for name in _DETAILS - details.keys()):
        what = event_type.replace("_", " ")
        template = f"{{user}} triggered {what}{' on {target}' if target else ''}"
    title = template.format(**details, **known)
    return title[:1].upper() + title[1:]
