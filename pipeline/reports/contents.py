"""What a report holds: headlines, and sections with a table and a chart each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from warehouse.connections import Connection

if TYPE_CHECKING:
    import pandas as pd

Value = int | float | None


class Period(NamedTuple):
    """The days that a report is about, both included, in the reporting time zone."""

    first: dt.date
    last: dt.date

    @classmethod
    def up_to(cls, last: dt.date, days: int) -> Period:
        """Return the period of so many days that ends with a day."""
        return cls(last - dt.timedelta(days=days - 1), last)


@dataclass(frozen=True)
class Headline:
    """A figure that stands at the top.

    Attributes:
        name: Of the figure, as in the marts.
        label: What people call it.
        value: None: there is none.
        before: The same a week earlier; None: there was none.
        unit: Such as ``%``; empty for counts.
    """

    name: str
    label: str
    value: Value
    before: Value = None
    unit: str = ""

    @property
    def change(self) -> str:
        """The change since a week earlier, as text; empty where there is nothing to compare."""
        if self.value is None or not self.before:
            return ""
        return f"{100 * (self.value - self.before) / self.before:+.0f} % in a week"


@dataclass(frozen=True)
class Chart:
    """How the table of a section is drawn.

    Attributes:
        kind: ``lines`` and ``bars`` over the key; ``ranking``: bars from the highest down, the key
            beside them; ``heatmap``: ``weekday`` by ``hour_of_day``.
        figures: Columns of the table to draw.
        stacked: Whether bars stand on one another, as parts of a whole do.
        by: Column whose values are drawn as a line or bars of their own.
    """

    kind: Literal["lines", "bars", "ranking", "heatmap"]
    figures: tuple[str, ...]
    stacked: bool = False
    by: str | None = None


@dataclass(frozen=True)
class Section:
    """A table with its chart.

    Attributes:
        name: For programs.
        title: For people.
        keys: The columns that tell the rows apart; all others are figures.
        labels: What people call the columns.
        table: The figures.
        chart: How they are drawn.
        note: A sentence on what is shown.
    """

    name: str
    title: str
    keys: tuple[str, ...]
    labels: Mapping[str, str]
    table: pd.DataFrame
    chart: Chart
    note: str = ""


@dataclass(frozen=True)
class Report:
    """A report before it is shown as anything.

    Attributes:
        kind: ``platform``, ``community`` or ``geo``.
        subject: What it is about where there is one of the kind for each of many things; else
            empty.
        title: Its heading.
        period: Its days.
        headlines: Figures at the top.
        sections: The rest; those without a row are left out where it is shown.
    """

    kind: str
    subject: str
    title: str
    period: Period
    headlines: tuple[Headline, ...]
    sections: tuple[Section, ...]


def read_table(connection: Connection, query: str, **values: object) -> pd.DataFrame:
    """Return the rows of a query.

    Args:
        connection: Of the pipeline.
        query: SQL, with ``%(name)s`` for the values.
        values: Of the parameters.
    """
    import pandas as pd

    cursor = connection.execute(query.encode(), values)
    assert cursor.description is not None
    columns = [column.name for column in cursor.description]
    rows = [tuple(map(_plain, row)) for row in cursor.fetchall()]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _plain(value: object) -> object:
    """Return numbers as JSON has them, and days as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, dt.date) else value
