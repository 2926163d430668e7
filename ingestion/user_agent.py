"""What a user agent says: kind of device, browser and operating system."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_DISTINCT = 8_192
_LONGEST = 512  # in characters: what a program needs to be told by stands in front

BOT = "bot"  # the device of a program that comes by itself
_REMOVED = "(user agent removed)"
_NAMED = re.compile(r"""(user.?agent\w*[\\"']*\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|[^\n]*)""", re.I)
_BROWSER = re.compile(r"""(?:Mozilla|Opera)/\d[^"'\r\n]*""")


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


def describe_user_agent(text: str) -> UserAgent:
    """Return what a user agent says.

    Args:
        text: The value of a User-Agent header; may be empty.
    """
    return _describe(text[:_LONGEST])


def remove_user_agents(text: str) -> str:
    """Return text without what is named a user agent or looks like a browser's."""
    return _BROWSER.sub(_REMOVED, _NAMED.sub(rf"\1{_REMOVED}", text))


@lru_cache(_DISTINCT)
def _describe(text: str) -> UserAgent:
    from ua_parser import parse

    found = parse(text)
    browser = found.user_agent.family if found.user_agent else None
    system = found.os.family if found.os else None
    family = found.device.family if found.device else None
    return UserAgent(_device(text, system, family), browser, system)


def _device(text: str, system: str | None, family: str | None) -> str | None:
    if family == "Spider":
        return BOT
    if family in ("iPad", "Kindle") or "Tablet" in text:
        return "tablet"
    if "Mobi" in text or system in ("iOS", "Windows Phone", "BlackBerry OS"):
        return "mobile"
    if system == "Android":  # a phone's says Mobile
        return "tablet"
    return "desktop" if system else None
