"""The text of a catalogue file with one more event type in it, and all else as it was."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from ingestion.plan import CategorySpec
from warehouse.errors import OperatorError

_BLOCK = re.compile(r"^event_types:[^\S\n]*\n(?:[^\S\n]*(?:#.*)?\n)*( +)\S", re.MULTILINE)
_INDENT = 2
_WORDS = re.compile(r"[A-Za-z](?:[\w ./'()%-]*[\w.')%])?")


class EditError(OperatorError):
    """The catalogue cannot be changed so; the message says why, and what can be done."""


def with_event_type(
    before: str, category: CategorySpec, name: str, content: Mapping[str, Any]
) -> str:
    """Return a file's text with an event type in it, in the place of one of that name.

    Comments, anchors and the order of what is there stay.

    Args:
        before: The text; empty: there is no file yet.
        category: What the file describes.
        name: The event type.
        content: What the YAML says of it.

    Raises:
        EditError: The text holds YAML that would not survive.
    """
    writer = YAML()
    writer.preserve_quotes = True
    writer.width = 4096
    found = _BLOCK.search(before)
    indent = len(found[1]) if found else _INDENT
    writer.indent(mapping=indent, sequence=indent + 2, offset=indent)
    try:
        document = writer.load(before) if before else _node(_new_file(category), levels=1)
        _keep_anchors(document, set())
        types = document["event_types"]
        types.fa.set_block_style()
        types[_text(name)] = _node(content, levels=3)
        types[name]["example"] = _node(content["example"], levels=1)
        stream = io.StringIO()
        writer.dump(document, stream)
    except YAMLError as error:
        raise EditError(f"{category.category}.yaml: {error}; change it by hand") from error
    after = stream.getvalue()
    if not _says_the_same(before, after, name, content):
        raise EditError(
            f"{category.category}.yaml holds YAML that would not survive the change: add {name} to "
            "it by hand"
        )
    return after


def _new_file(category: CategorySpec) -> dict[str, Any]:
    return {
        "category": category.category,
        "description": category.description,
        "keep_days": category.keep_days,
        "personal": category.personal,
        "sent_by": category.sent_by,
        "event_types": {},
    }


def _node(value: Any, *, levels: int) -> Any:
    """Return a value as YAML is written: so many levels in lines of their own, the rest inline."""
    if isinstance(value, Mapping):
        node: Any = CommentedMap(
            {_text(key): _node(child, levels=levels - 1) for key, child in value.items()}
        )
    elif isinstance(value, list):
        node = CommentedSeq([_node(child, levels=0) for child in value])
    else:
        return _text(value) if isinstance(value, str) else value
    if levels <= 0 or isinstance(value, list):
        node.fa.set_flow_style()
    return node


def _text(text: str) -> str:
    """Return text in quotes unless it is plain words to every reader.

    To the catalogue's, of YAML 1.1, ``yes`` and ``on`` are truth values and ``2026-11-21`` a date.
    """
    resolver: Any = yaml.resolver.Resolver()
    tag = resolver.resolve(yaml.ScalarNode, text, (True, False))
    is_plain = _WORDS.fullmatch(text) and tag == "tag:yaml.org,2002:str"
    return text if is_plain else DoubleQuotedScalarString(text)


def _keep_anchors(node: Any, seen: set[int]) -> None:
    """Have anchors written that nothing refers to, as well."""
    if id(node) in seen:
        return
    seen.add(id(node))
    anchor = node.yaml_anchor() if hasattr(node, "yaml_anchor") else None
    if anchor is not None and anchor.value:
        anchor.always_dump = True
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        _keep_anchors(child, seen)


def _says_the_same(before: str, after: str, name: str, content: Mapping[str, Any]) -> bool:
    """Return whether a file says what it said, and of one event type what it shall."""
    then = yaml.safe_load(after)
    if then["event_types"].pop(name, None) != content:
        return False
    if not before:
        return True
    now = yaml.safe_load(before)
    now["event_types"].pop(name, None)
    return bool(now == then)
