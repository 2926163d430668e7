"""What a user agent says: kind of device, browser and operating system."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_DISTINCT = 16_384


class UserAgent(NamedTuple):
    """What is known of a user agent; None where it does not say.

    Attributes:
        device: ``desktop``, ``mobile``, ``tablet`` or ``bot``.
        browser: Such as Firefox, or the program's name.
        os: Such as Windows.
    """

    device: str | None
    browser: str | None
    os: str | None


@lru_cache(_DISTINCT)
def describe_user_agent(text: str) -> UserAgent:
    """Return what a user agent says.

    Args:
        text: The value of a User-Agent header; may be empty.
    """
    from ua_parser import parse

    found = parse(text)
    browser = found.user_agent.family if found.user_agent else None
    system = found.os.family if found.os else None
    family = found.device.family if found.device else None
    return UserAgent(_device(text, system, family), browser, system)


def _device(text: str, system: str | None, family: str | None) -> str | None:
    if family == "Spider":
        return "bot"
    if family in ("iPad", "Kindle") or "Tablet" in text:
        return "tablet"
    if "Mobi" in text or system in ("iOS", "Windows Phone", "BlackBerry OS"):
        return "mobile"
    if system == "Android":  # a phone's says Mobile
        return "tablet"
    return "desktop" if system else None
