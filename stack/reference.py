"""The reference pages that are generated: one for each thing that people can use.

``python -m stack.reference`` writes them into ``docs/reference/``; a test fails where one is not
current. Each page has one source, named in its first line, and nothing is written by hand.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from stack.dags_reference import dags_page
from stack.doc_blocks import doc_blocks, resolve
from stack.field_types import describe_type
from stack.headline_metrics import headline_metrics_page
from stack.markdown import page, table
from stack.metrics_reference import metrics_page
from warehouse.live_settings import LIVE_SETTINGS, RETENTION_SETTINGS
from warehouse.settings import ENV_PREFIX, PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from ingestion.plan import TypeSpec

REFERENCE = PROJECT_ROOT / "docs" / "reference"
MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"
_TYPE_NAMES = {
    SecretStr: "secret",
    Path: "path",
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
}
_BOUNDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


def main() -> None:
    """Write every generated page."""
    for name, render in PAGES.items():
        (REFERENCE / name).write_text(render())


def settings_page() -> str:
    """Return the page of the settings, from :class:`warehouse.settings.Settings`."""
    rows = [
        (
            f"`{ENV_PREFIX}{name.upper()}`",
            _setting_type(field),
            _setting_default(name, field),
            _in_force(name),
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]
    return page(
        "Settings",
        "`warehouse/settings.py`",
        "A setting is an environment variable. Where the environment does not have it, it is read "
        "from `footfall.env` in the state directory, which `make up` writes and keeps; settings of "
        "your own may be added to that file, best by `footfall settings set`. Some are in force at "
        "ingestion's next request once the file says so, unless the environment of `make up` had "
        "them, which goes before the file; some when retention runs next. Of the others `make up` "
        "takes notice: it restarts the parts that a change concerns.",
        table(("Variable", "Type", "Default", "A change is in force", "Meaning"), rows),
    )


def _in_force(setting: str) -> str:
    if setting in LIVE_SETTINGS:
        return "at the next request"
    return "at the next retention" if setting in RETENTION_SETTINGS else "after `make up`"


def endpoints_page() -> str:
    """Return the page of the endpoints, from the OpenAPI documents of ingestion and serving."""
    from ingestion.catalogue import Catalogue
    from ingestion.openapi import describe_api
    from ingestion.plan import read_plan
    from serving.reference import openapi

    sections = [
        f"## {title}\n\n{_endpoints(document)}"
        for title, document in (
            ("Ingestion, port 8000", describe_api(Catalogue(read_plan()), Settings())),
            ("Serving, port 8001", openapi()),
        )
    ]
    return page(
        "Endpoints",
        "the OpenAPI documents of ingestion and serving",
        "Each server has its full reference, to read and to try, at `/docs`, and its OpenAPI "
        "document at `/openapi.json`.",
        *sections,
    )


def events_page() -> str:
    """Return the page of the event types, from the catalogue."""
    from ingestion.plan import read_plan

    sections = []
    for category, spec in read_plan().items():
        sections.append(f"## {category}\n\n{spec.description}")
        sections += [_event_type(category, name, kind) for name, kind in spec.event_types.items()]
    return page(
        "Events",
        "`ingestion/catalog/`",
        "Every event that ingestion takes. Beside the fields that are listed, each event may have "
        "the fields that all have in common: `event_id`, `user_id`, `anonymous_id`, `session_id`, "
        "`entity_type`, `entity_id`, `value`, `currency`, `quantity`, `occurred_at`, `consent`, "
        "`context` and `properties`; ingestion describes them at `/docs`.",
        *sections,
    )


def marts_page() -> str:
    """Return the page of the marts, from the YAML files beside the models."""
    docs = doc_blocks()
    groups = {
        group["name"]: group["description"]
        for group in yaml.safe_load((MARTS / "_groups.yml").read_text())["groups"]
    }
    sections = []
    for domain, description in groups.items():
        sections.append(f"## {domain}\n\n{description}")
        for model in read_marts(domain):
            rows = [
                (
                    f"`{column['name']}`",
                    column["data_type"],
                    resolve(column["description"], docs),
                )
                for column in model["columns"]
            ]
            sections.append(
                f"### marts.{model['name']}\n\n{resolve(model['description'], docs)}\n\n"
                + table(("Column", "Type", "Meaning"), rows)
            )
    return page(
        "Marts",
        "`dbt_project/models/marts/`",
        "Tables of the schema `marts`, for SQL and BI tools (`FOOTFALL_READ_DSN`). Where each "
        "comes from is drawn in the dbt documentation, at `/docs/dbt/` of serving.",
        *sections,
    )


def expectations_page() -> str:
    """Return the page of the expectations, which they write themselves."""
    from expectations.reference import render

    return render()


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "endpoints.md": endpoints_page,
    "events.md": events_page,
    "metrics.md": metrics_page,
    "expectations.md": expectations_page,
    "marts.md": marts_page,
    "headline-metrics.md": headline_metrics_page,
    "dags.md": dags_page,
}


def read_marts(domain: str) -> list[dict[str, Any]]:
    """Return what the YAML files say of the marts of a domain, in order of their names."""
    return [
        model
        for path in sorted((MARTS / domain).glob("*.yml"))
        for model in yaml.safe_load(path.read_text()).get("models", [])
    ]


def _endpoints(document: Mapping[str, Any]) -> str:
    rows = [
        (f"`{method.upper()} {path}`", operation["summary"], _who(document, operation))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]
    return table(("Endpoint", "What it does", "Who may"), rows)


def _who(document: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
    security = operation.get("security", document.get("security", []))
    if {} in security:
        return "anyone"
    schemes = [re.sub(r"([A-Z])", r" \1", name).lower() for option in security for name in option]
    tokens = [f"{'an' if scheme[0] in 'aeiou' else 'a'} {scheme}" for scheme in schemes]
    return f"who has {' or '.join(tokens)}" if tokens else "anyone"


def _event_type(category: str, name: str, spec: TypeSpec) -> str:
    example = {"category": category, "event_type": name, **spec.example}
    facts = [
        f"Happens to: `{spec.entity_type}`." if spec.entity_type else "",
        f"Sent by: {', '.join(spec.sent_by)}." if spec.sent_by else "",
        f"Raw events are kept {spec.keep_days:,} days.",
        "Personal." if spec.personal else "Not personal.",
    ]
    rows = [
        (
            f"`{path}`",
            describe_type(field, quote="`"),
            "yes" if field.required else "",
            field.description,
        )
        for path, field in spec.fields.items()
        if field is not None
    ]
    parts = [f"### {category} / {name}", spec.description, " ".join(filter(None, facts))]
    if rows:
        parts.append(table(("Field", "Type", "Required", "Meaning"), rows))
    parts.append(f"```json\n{json.dumps(example, ensure_ascii=False)}\n```")
    return "\n\n".join(parts)


def _setting_type(field: FieldInfo) -> str:
    kind = next(_without_none(field.annotation))
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f"`{value}`" for value in get_args(kind))
    bounds = [
        f"{words} {getattr(constraint, name)}"
        for constraint in field.metadata
        for name, words in _BOUNDS.items()
        if hasattr(constraint, name)
    ]
    return ", ".join([_TYPE_NAMES[kind], *bounds])


def _without_none(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        yield from (kind for kind in get_args(annotation) if kind is not types.NoneType)
    else:
        yield annotation


def _setting_default(name: str, field: FieldInfo) -> str:
    if name == "home":
        return "`.footfall`"
    if field.default is None:
        return "none"
    if isinstance(field.default, Path):
        return f"`{field.default.relative_to(PROJECT_ROOT)}`"
    default = str(field.default).lower() if isinstance(field.default, bool) else field.default
    return f"`{default}`"


if __name__ == "__main__":
    main()
