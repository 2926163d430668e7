"""The reference page of the semantic layer's metrics."""

from __future__ import annotations

import yaml

from stack.doc_blocks import doc_blocks, resolve
from stack.markdown import page, table
from warehouse.settings import PROJECT_ROOT

_MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"


def headline_metrics_page() -> str:
    """Return the page of the metrics, from the YAML files beside the marts."""
    docs = doc_blocks()
    sections = []
    for path in sorted(_MARTS.rglob("*__metrics.yml")):
        rows = [
            (f"`{metric['name']}`", metric["label"], resolve(metric["description"], docs))
            for metric in yaml.safe_load(path.read_text())["metrics"]
        ]
        sections.append(f"## {path.parent.name}\n\n" + table(("Metric", "Label", "Meaning"), rows))
    return page(
        "Headline metrics",
        "`dbt_project/models/marts/`",
        "What `footfall metrics` answers, each defined once for all who ask; "
        "[how](../guides/ask-for-figures.md). `footfall metrics` without a name lists what each "
        "can be grouped by.",
        *sections,
    )
