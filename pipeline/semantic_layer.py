"""Answers questions about metrics, as the dbt project defines them, with MetricFlow.

MetricFlow writes the SQL; the role that reads the marts runs it. Its own command is not used: it
looks for newer versions of itself on the internet each time.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

from pipeline.dbt import dbt_project
from warehouse.connections import connect
from warehouse.errors import OperatorError
from warehouse.settings import Settings

if TYPE_CHECKING:
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow.protocols.sql_client import SqlClient

_ALWAYS_BY = "always_by"  # in the metric's meta: what its values must never be added up over


class MetricsError(OperatorError):
    """A question that the metrics cannot answer; the message says what can be asked instead."""


class Metric(NamedTuple):
    """A metric that can be asked for.

    Attributes:
        name: What it is called in questions.
        label: What it is called in reports.
        description: What it counts, with its unit.
        by: What it can be grouped by, beside time.
    """

    name: str
    label: str
    description: str
    by: tuple[str, ...]


class Answer(NamedTuple):
    """The answer to a question.

    Attributes:
        columns: Names: first what was grouped by, then the metrics.
        rows: Values. A period is its first day.
    """

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        metrics: Names of metrics.
        by: What to group by, such as ``metric_time__month`` or ``session__country``.
        where: Conditions, such as ``{{ Dimension('session__country') }} = 'France'``.
        since: First day.
        until: Last day.
        order_by: Of ``by`` and ``metrics``; with a ``-`` before it from the highest down. As ``by``
            where empty.
        limit: How many rows at most.
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None
    order_by: tuple[str, ...] = ()
    limit: int | None = None


def list_metrics(settings: Settings) -> list[Metric]:
    """Return the metrics that can be asked for, by name.

    Args:
        settings: Where the database is, and the state directory.
    """
    from metricflow_semantic_interfaces.type_enums.dimension_type import DimensionType

    engine = _engine(settings)
    found = engine.list_metrics()
    return [
        Metric(
            metric.name,
            metric.label or metric.name,
            metric.description or "",
            tuple(
                [entity.name for entity in engine.entities_for_metrics([metric.name])]
                + [
                    dimension.dunder_name
                    for dimension in metric.dimensions
                    if dimension.type is DimensionType.CATEGORICAL
                ]
            ),
        )
        for metric in found
    ]


def write_sql(settings: Settings, question: Question) -> str:
    """Return the SQL that answers a question.

    Money is always grouped by currency, whether asked or not, so that different ones are never
    added.

    Args:
        settings: Where the database is, and the state directory.
        question: What is asked.

    Raises:
        MetricsError: There is no such metric, or nothing of the kind to group or choose by.
    """
    from metricflow.engine.metricflow_engine import (
        MetricFlowQueryRequest,
        OutputColumnOrderMode,
    )
    from metricflow_semantics.errors.error_classes import MetricFlowException

    engine = _engine(settings)
    try:
        explained = engine.explain(
            MetricFlowQueryRequest.create(
                metric_names=question.metrics,
                group_by_names=_groups(engine, question),
                where_constraints=question.where or None,
                time_constraint_start=_midnight(question.since),
                time_constraint_end=_midnight(question.until),
                order_by_names=question.order_by or _groups(engine, question),
                limit=question.limit,
                output_column_order_mode=OutputColumnOrderMode.INPUT_ORDER,
            )
        )
    except MetricFlowException as error:
        raise MetricsError(_first_of(str(error))) from error
    return str(explained.sql_statement.without_descriptions.sql)


def ask(settings: Settings, question: Question) -> Answer:
    """Answer a question, as the role that reads the marts.

    Args:
        settings: Where the database is, and the state directory.
        question: What is asked.

    Raises:
        MetricsError: As :func:`write_sql` does.
        psycopg.OperationalError: Postgres is away.
    """
    statement = write_sql(settings, question)
    with connect(settings.require("read_dsn"), name="footfall metrics") as connection:
        connection.execute("set local timezone to 'UTC'")  # days are days, whatever the session's
        cursor = connection.execute(statement.encode())
        assert cursor.description is not None
        columns = tuple(column.name for column in cursor.description)
        rows = [tuple(map(_as_day, row)) for row in cursor]
    return Answer(columns, rows)


def _groups(engine: MetricFlowEngine, question: Question) -> tuple[str, ...]:
    always = (
        metric.config.meta[_ALWAYS_BY]
        for metric in engine.list_metrics(include_dimensions=False)
        if metric.name in question.metrics and metric.config and _ALWAYS_BY in metric.config.meta
    )
    return tuple(dict.fromkeys((*question.by, *always)))


@cache
def _engine(settings: Settings) -> MetricFlowEngine:
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow_semantics.model.dbt_manifest_parser import (
        parse_manifest_from_dbt_generated_manifest,
    )
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    manifest = parse_manifest_from_dbt_generated_manifest(dbt_project(settings).semantic_manifest())
    return MetricFlowEngine(SemanticManifestLookup(manifest), cast("SqlClient", _Dialect()))


class _Dialect:
    """What MetricFlow needs to know of Postgres to write SQL; it runs none."""

    def __init__(self) -> None:
        from metricflow.protocols.sql_client import SqlEngine
        from metricflow.sql.render.postgres import PostgresSQLSqlPlanRenderer

        self.sql_engine_type = SqlEngine.POSTGRES
        self.sql_plan_renderer = PostgresSQLSqlPlanRenderer()


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return None if day is None else dt.datetime.combine(day, dt.time())


def _as_day(value: object) -> object:
    return value.date() if isinstance(value, dt.datetime) else value


def _first_of(message: str) -> str:
    """Return what a message of MetricFlow says, in one line, without tracebacks and locations."""
    head = message.partition("Traceback")[0].partition("Issue Location")[0]
    reason = re.search(r"jinja2\S+: (.+)", message)
    return " ".join(f"{head} {reason[1] if reason else ''}".split())
