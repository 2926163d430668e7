"""``footfall metrics``: the headline figures, by whatever they can be grouped by."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

_DAY = ["%Y-%m-%d"]


def metrics(
    names: Annotated[
        list[str] | None, typer.Argument(help="Metrics; without one, all are listed.")
    ] = None,
    *,
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="Group by this: metric_time, metric_time__month, session__country. May be given "
            "several times."
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Condition, such as \"{{ Dimension('session__device') }} = 'mobile'\"."),
    ] = None,
    since: Annotated[dt.datetime | None, typer.Option(formats=_DAY, help="First day.")] = None,
    until: Annotated[dt.datetime | None, typer.Option(formats=_DAY, help="Last day.")] = None,
    order: Annotated[
        list[str] | None,
        typer.Option(help="Order by this; with a - before it, from the highest down."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many rows at most.")] = None,
    as_sql: Annotated[bool, typer.Option("--sql", help="Print the SQL; do not run it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Answer a question about metrics, as the dbt project defines them.

    Money is always shown by currency.
    """
    from pipeline.semantic_layer import Question, ask, list_metrics, write_sql
    from warehouse.settings import load_settings

    settings = load_settings()
    if not names:
        known = list_metrics(settings)
        _print(
            ("metric", "what it is", "by"),
            [(metric.name, metric.description, ", ".join(metric.by)) for metric in known],
            as_json=as_json,
        )
        return
    question = Question(
        tuple(names),
        by=tuple(by or ()),
        where=tuple(where or ()),
        since=since and since.date(),
        until=until and until.date(),
        order_by=tuple(order or ()),
        limit=limit,
    )
    if as_sql:
        typer.echo(write_sql(settings, question))
        return
    answer = ask(settings, question)
    _print(answer.columns, answer.rows, as_json=as_json)


def _print(columns: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    if as_json:
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        typer.echo(json.dumps(records, default=str))
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*("" if value is None else f"{value}" for value in row))
    Console(highlight=False).print(table)
