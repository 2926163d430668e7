"""Which loads, and which of their events, break a rule of the raw gate: told by SQL, load by load.

Great Expectations says whether a rule holds of all the rows that a run has claimed. Where it does
not, only the loads that break it need be held, and the operator wants to see the rows. A rule about
all rows together, such as a share, blames no single load.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from psycopg import sql

from expectations.results import ExpectationResult
from expectations.rules import Rule
from expectations.suites import Suite, raw
from warehouse.connections import Connection, connect
from warehouse.settings import Settings

MOST_ROWS = 5  # shown of each rule that a load breaks


class Offender(NamedTuple):
    """An event that breaks a rule.

    Attributes:
        event_id: The event.
        event: ``category/event_type``.
        found: What the rule's column holds, as text.
    """

    event_id: str | None
    event: str
    found: str | None


class Offence(NamedTuple):
    """A rule that a load breaks.

    Attributes:
        sentence: What must hold.
        column: The column that the rule is about; None for the load as a whole.
        rows: Rows that break it.
        examples: A few of them; none where the rule is about the load.
    """

    sentence: str
    column: str | None
    rows: int
    examples: tuple[Offender, ...]


def suspects(
    connection: Connection, suites: Sequence[Suite], results: Sequence[ExpectationResult]
) -> dict[int, str] | None:
    """Return the loads that break blocking rules, each with which and how often.

    Args:
        connection: Of the pipeline.
        suites: What was checked.
        results: What was found.

    Returns:
        A reason by load; None where a failure cannot be laid to single loads.
    """
    reasons: dict[int, list[str]] = defaultdict(list)
    for result in results:
        if result.is_success or result.severity != "blocking":
            continue
        suite = next(suite for suite in suites if suite.name == result.suite)
        rule = next(rule for rule in suite.rules if rule.sentence == result.sentence)
        broken = breaks(rule)
        if broken is None or suite.query is None:
            return None
        rows = connection.execute(
            sql.SQL(
                "select load_id, count(*) from ({batch}) as batch where {broken}"
                " group by load_id order by load_id"
            ).format(batch=sql.SQL(suite.query), broken=broken)
        ).fetchall()
        if not rows:
            return None
        for load_id, count in rows:
            reasons[load_id].append(f"{count:,} rows differ from: {rule.sentence}")
    return {load_id: "; ".join(found) for load_id, found in reasons.items()}


def offences(settings: Settings, load_id: int) -> list[Offence]:
    """Return the blocking rules that a load breaks, with some of the events that do.

    Args:
        settings: Of this process.
        load_id: The load; one whose state does not matter.

    Raises:
        psycopg.OperationalError: Postgres is away.
    """
    with connect(settings.require("transform_dsn"), name="footfall loads") as connection:
        return list(_offences(connection, settings, load_id))


def _offences(connection: Connection, settings: Settings, load_id: int) -> Iterator[Offence]:
    for suite, rule, broken in _rules_of(connection, settings, load_id):
        names = {"column": sql.Identifier(rule.column) if rule.column else sql.SQL("null")}
        rows = connection.execute(
            sql.SQL(
                "select {shown}, count(*) over () from ({batch}) as batch where {broken} limit {n}"
            ).format(
                shown=sql.SQL("event_id::text, event, {column}::text").format(**names)
                if suite.name == raw.EVENTS
                else sql.SQL("null, null, null"),
                batch=sql.SQL(suite.query or ""),
                broken=broken,
                n=MOST_ROWS,
            )
        ).fetchall()
        if rows:
            examples = tuple(Offender(*row[:3]) for row in rows) if rows[0][1] else ()
            yield Offence(rule.sentence, rule.column, rows[0][3], examples)


def offending_events(
    connection: Connection, settings: Settings, load_id: int
) -> Mapping[str, Rule]:
    """Return the events of a load that break a blocking rule, each with the first that it breaks.

    Args:
        connection: Of whoever may read raw events.
        settings: Of this process.
        load_id: The load.
    """
    found: dict[str, Rule] = {}
    for suite, rule, broken in _rules_of(connection, settings, load_id):
        if suite.name != raw.EVENTS:
            continue
        rows = connection.execute(
            sql.SQL("select event_id::text from ({batch}) as batch where {broken}").format(
                batch=sql.SQL(suite.query or ""),
                broken=broken,
            )
        ).fetchall()
        for (event_id,) in rows:
            found.setdefault(event_id, rule)
    return found


def _rules_of(
    connection: Connection, settings: Settings, load_id: int
) -> Iterator[tuple[Suite, Rule, sql.Composable]]:
    row = connection.execute(
        "select first_received_at, last_received_at from raw.loads"
        " where load_id = %s and stored > 0",
        (load_id,),
    ).fetchone()
    if row is None:
        return
    for suite in raw.suites(settings, raw.OneLoad(load_id, *row)):
        for rule in suite.rules:
            broken = breaks(rule)
            if rule.severity == "blocking" and broken is not None:
                yield suite, rule, broken


def breaks(rule: Rule) -> sql.Composable | None:
    """Return the condition under which a row breaks a rule, as Great Expectations has it.

    Args:
        rule: The rule.

    Returns:
        SQL over the columns of the batch; None for a rule about all rows together.
    """
    if rule.is_tolerant:
        return None
    given = rule.arguments
    column = sql.Identifier(str(given.get("column")))
    broken: sql.Composable | None = None
    match rule.type:
        case "expect_column_values_to_not_be_null":
            broken = sql.SQL("{} is null").format(column)
        case "expect_column_values_to_be_between":
            bounds = [
                sql.SQL("{} {} {}").format(column, sql.SQL(sign), sql.Literal(given[name]))
                for sign, name in (("<", "min_value"), (">", "max_value"))
                if given[name] is not None
            ]
            broken = sql.SQL("({})").format(sql.SQL(" or ").join(bounds))
        case "expect_column_values_to_be_in_set":
            broken = sql.SQL("{} <> all({})").format(column, sql.Literal(given["value_set"]))
        case "expect_column_values_to_match_regex":
            broken = sql.SQL("{} !~ {}").format(column, sql.Literal(given["regex"]))
        case "expect_column_pair_values_to_be_equal":
            broken = sql.SQL("{} is distinct from {}").format(
                sql.Identifier(str(given["column_A"])), sql.Identifier(str(given["column_B"]))
            )
    return broken
