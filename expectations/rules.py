"""Rules: single expectations, declared without importing Great Expectations.

A rule names an expectation of Great Expectations with its arguments, says in a sentence for people
what must hold, and how bad it is when it does not: a ``blocking`` one that fails stops the run and
leaves the marts as they were, a ``warning`` is recorded and the run goes on.

Rules may compare values only of columns that identify nobody: a failure shows samples of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

Severity = Literal["blocking", "warning"]
Bound = int | float | date | datetime

MOST_ROWS = 1_000  # of offending groups that a query fetches; enough to know how bad it is


@dataclass(frozen=True)
class Rule:
    """One expectation.

    Attributes:
        type: Name of the expectation in Great Expectations, in snake case.
        arguments: Its arguments.
        sentence: What must hold, as a sentence for people, without a full stop.
        severity: What a failure leads to.
        requires: Relations beside the batch (``schema.name``) that it reads; where one does not
            exist (yet), the rule is left out.
    """

    type: str
    arguments: Mapping[str, object]
    sentence: str
    severity: Severity = "blocking"
    requires: tuple[str, ...] = field(default=())

    @property
    def column(self) -> str | None:
        """The column that it is about, ``a, b`` for two; None for the table as a whole."""
        names = [self.arguments.get(name) for name in ("column", "column_A", "column_B")]
        return ", ".join(str(name) for name in names if name is not None) or None

    @property
    def is_tolerant(self) -> bool:
        """Whether it passes though some rows break it."""
        return "mostly" in self.arguments

    def as_warning(self) -> Rule:
        """Return the rule with severity ``warning``."""
        return replace(self, severity="warning")


def never_null(column: str, sentence: str | None = None, *, mostly: float = 1) -> Rule:
    """Expect a column to be filled, in all rows or in a share of them (0 to 1)."""
    return Rule(
        "expect_column_values_to_not_be_null",
        {"column": column, **_tolerance(mostly)},
        sentence or f"{column} is never null",
    )


def between(
    column: str,
    low: Bound | None = None,
    high: Bound | None = None,
    sentence: str | None = None,
) -> Rule:
    """Expect the values of a column, where there are any, to lie in a closed range."""
    default = " and ".join(
        [f"at least {low}"] * (low is not None) + [f"at most {high}"] * (high is not None)
    )
    return Rule(
        "expect_column_values_to_be_between",
        {"column": column, "min_value": low, "max_value": high},
        sentence or f"{column} is {default}",
    )


def counts(*columns: str) -> tuple[Rule, ...]:
    """Expect columns that hold counts or durations never to be negative.

    That they are filled, their contract in dbt sees to by constraints.
    """
    return tuple(between(column, 0, sentence=f"{column} is never negative") for column in columns)


def never_negative(*columns: str) -> Rule:
    """Expect what :func:`counts` does, of many columns by one query: cheaper, and less exact."""
    names = ", ".join(columns)
    return no_rows(
        f"select 1 from {{batch}} where least({names}) < 0",  # noqa: S608
        f"none of {names} is ever negative",
    )


def one_of(
    column: str, values: Sequence[object], sentence: str | None = None, *, mostly: float = 1
) -> Rule:
    """Expect the values of a column to be among those given, in all rows or in a share of them."""
    return Rule(
        "expect_column_values_to_be_in_set",
        {"column": column, "value_set": list(values), **_tolerance(mostly)},
        sentence or f"{column} is one of {', '.join(map(str, values))}",
    )


def matches(column: str, regex: str, sentence: str) -> Rule:
    """Expect the values of a column, where there are any, to match a regular expression."""
    return Rule("expect_column_values_to_match_regex", {"column": column, "regex": regex}, sentence)


def at_most(smaller: str, larger: str, sentence: str | None = None) -> Rule:
    """Expect one column never to exceed another, where both are filled."""
    return Rule(
        "expect_column_pair_values_a_to_be_greater_than_b",
        {
            "column_A": larger,
            "column_B": smaller,
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
        },
        sentence or f"{smaller} is never greater than {larger}",
    )


def equal(first: str, second: str, sentence: str) -> Rule:
    """Expect two columns to be equal in every row."""
    return Rule(
        "expect_column_pair_values_to_be_equal",
        {"column_A": first, "column_B": second, "ignore_row_if": "both_values_are_missing"},
        sentence,
    )


def no_rows(query: str, sentence: str, *, requires: Sequence[str] = ()) -> Rule:
    """Expect a query to find nothing.

    Args:
        query: SQL that returns what breaks the rule; ``{batch}`` stands for the rows checked.
        sentence: What must hold.
        requires: Other relations that the query reads.
    """
    return Rule(
        "unexpected_rows_expectation",
        {"unexpected_rows_query": f"{' '.join(query.split())} limit {MOST_ROWS}"},
        sentence,
        requires=tuple(requires),
    )


def unique(*columns: str) -> Rule:
    """Expect no two rows to share the values of these columns."""
    names = ", ".join(columns)
    return no_rows(
        f"select 1 from {{batch}} group by {names} having count(*) > 1",  # noqa: S608
        f"{names} {'is' if len(columns) == 1 else 'are'} unique",
    )


def key(*columns: str) -> tuple[Rule, ...]:
    """Expect columns to be a key: never null, and unique together."""
    return (*(never_null(column) for column in columns), unique(*columns))


def _tolerance(mostly: float) -> dict[str, float]:
    return {} if mostly == 1 else {"mostly": mostly}
