"""Where in JSON something stands, and changing it there.

A path is names joined by points, such as ``properties.price``; an element of an array stands under
its number in brackets, from 0: ``properties.items[2].price``. A name that holds a point, a bracket,
an equals sign or a quotation mark is written as a JSON string: ``properties."a.b"``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from warehouse.errors import OperatorError

Path = tuple[str | int, ...]

_STEP = re.compile(
    r'(?:(?:(?<!^)\.|^)(?:(?P<name>[^.\[\]"=]+)|(?P<quoted>"(?:[^"\\]|\\.)*")))|'
    r"\[(?P<index>\d{1,9})\]"
)
_ASSIGNMENT = re.compile(r'((?:[^="]|"(?:[^"\\]|\\.)*")*)=(.*)', re.DOTALL)
_BARE = re.compile(r'[^.\[\]"=]+')
ABSENT = object()  # what stands where nothing does


class PathError(OperatorError):
    """A path cannot be read, or cannot be followed in what is there; the message says why."""


def parse_path(text: str) -> Path:
    """Return a path.

    Raises:
        PathError: It is none.
    """
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None or (step["index"] is not None and not steps):
            break
        position = step.end()
        if step["index"] is not None:
            steps.append(int(step["index"]))
        elif step["name"] is not None:
            steps.append(step["name"])
        else:
            try:
                steps.append(json.loads(step["quoted"]))
            except ValueError:
                break
    else:
        if steps:
            return tuple(steps)
    raise PathError(
        f"{text!r} is no path: write names joined by points, such as properties.price or "
        'properties.items[0].name; a name that holds a point in quotes, as in properties."a.b"'
    )


def split_assignment(text: str) -> tuple[Path, str] | None:
    """Return the path and the text of ``PATH=TEXT``; None where it is not that.

    Raises:
        PathError: What stands before the sign is no path.
    """
    found = _ASSIGNMENT.fullmatch(text)
    return None if found is None else (parse_path(found[1]), found[2])


def spell_path(path: Sequence[str | int]) -> str:
    """Return a path as :func:`parse_path` takes it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if _BARE.fullmatch(step) else json.dumps(step)
            text += f".{name}" if text else name
    return text


def find(document: object, path: Path) -> Any:
    """Return what stands at a path; :data:`ABSENT` where nothing does."""
    current = document
    for step in path:
        if isinstance(current, dict) and isinstance(step, str):
            current = current.get(step, ABSENT)
        elif isinstance(current, list) and isinstance(step, int):
            current = current[step] if step < len(current) else ABSENT
        else:
            return ABSENT
    return current


def put(document: dict[str, Any], path: Path, value: object) -> None:
    """Set what stands at a path; objects on the way that are absent or null are made.

    Raises:
        PathError: What is on the way is something else than the path says.
    """
    parent = _parent(document, path, makes=True)
    last = path[-1]
    is_there = find(parent, (last,)) is not ABSENT
    if not (is_there or (isinstance(parent, dict) and isinstance(last, str))):
        raise _astray(path, len(path) - 1)
    parent[last] = value


def take(document: dict[str, Any], path: Path) -> tuple[bool, Any]:
    """Remove what stands at a path.

    Returns:
        Whether it was there, and what it was.
    """
    parent = _parent(document, path)
    if find(parent, path[-1:]) is ABSENT:
        return False, None
    return True, parent.pop(path[-1])


def move(document: dict[str, Any], old: Path, new: Path) -> bool:
    """Move what stands at a path to another, where nothing may stand but null.

    Returns:
        Whether there was something to move.

    Raises:
        PathError: Something stands at the new path, or on the way there.
    """
    if find(document, old) is ABSENT or old == new:
        return False
    if find(document, new) not in (ABSENT, None):
        raise PathError(f"{spell_path(new)} is there already: unset it first, or leave it")
    _, value = take(document, old)
    put(document, new, value)
    return True


def _parent(document: dict[str, Any], path: Path, *, makes: bool = False) -> Any:
    current: Any = document
    for depth, step in enumerate(path[:-1]):
        below = find(current, (step,))
        if makes and below in (ABSENT, None):
            if not (isinstance(current, dict) and isinstance(step, str)):
                raise _astray(path, depth)
            below = current[step] = {}
        current = below
    return current


def _astray(path: Path, depth: int) -> PathError:
    """Return that a path leads through something that is not what its step wants."""
    wanted = "an object" if isinstance(path[depth], str) else "an array with that many elements"
    where = spell_path(path[:depth]) or "the event"
    return PathError(f"{spell_path(path)} leads nowhere: {where} is not {wanted}")
