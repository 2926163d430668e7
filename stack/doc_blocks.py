"""Descriptions of the dbt project that stand in docs blocks, so that they are written once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from warehouse.settings import PROJECT_ROOT


def doc_blocks() -> dict[str, str]:
    """Return the docs blocks of the dbt project, each as one line, by name."""
    pattern = re.compile(r"{% docs (\w+) %}(.*?){% enddocs %}", re.DOTALL)
    return {
        name: " ".join(text.split())
        for path in (PROJECT_ROOT / "dbt_project").rglob("*.md")
        for name, text in pattern.findall(path.read_text())
    }


def resolve(description: str, docs: Mapping[str, str]) -> str:
    """Return a description in one line, its reference to a docs block replaced by the block.

    Args:
        description: As a YAML file has it.
        docs: What :func:`doc_blocks` returns.
    """
    text = re.sub(
        r"{{ *doc\(['\"](\w+)['\"]\) *}}", lambda match: docs[match.group(1)], description
    )
    return " ".join(text.split())
