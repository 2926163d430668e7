"""Reports as HTML with Plotly charts, as JSON and as CSV."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.reports.contents import Headline, Report, Section

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
# Where serving has the library; a page on its own has it inside.
LIBRARY_TAG = '<script src="/assets/plotly/plotly.min.js"></script>'
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ROW_PIXELS = 26
ABSENT = "\N{EN DASH}"


def as_html(report: Report, *, created_at: dt.datetime) -> str:
    """Return a page with the report; its charts need the library at :data:`LIBRARY_TAG`.

    Args:
        report: What to show.
        created_at: When its figures were read.
    """
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            sections=shown(report),
            created_at=created_at,
            library=LIBRARY_TAG,
        )
    )


def on_its_own(page: str) -> str:
    """Return a page of :func:`as_html` that needs nothing from anywhere.

    Args:
        page: The page as it is archived.
    """
    library = files("plotly").joinpath("package_data/plotly.min.js").read_text()
    return page.replace(LIBRARY_TAG, f"<script>{library}</script>", 1)


def as_json(report: Report, *, created_at: dt.datetime) -> str:
    """Return the report as a JSON object.

    Args:
        report: What to show.
        created_at: When its figures were read.
    """
    return json.dumps(
        {
            "kind": report.kind,
            "subject": report.subject,
            "title": report.title,
            "first_day": report.period.first.isoformat(),
            "last_day": report.period.last.isoformat(),
            "created_at": created_at.isoformat(),
            "headlines": {one.name: {"value": one.value, "before": one.before}
                          for one in report.headlines},
            "sections": {
                section.name: section.table.to_dict("records") for section in shown(report)
            },
        },
        ensure_ascii=False,
    )  # fmt: skip


def as_csv(report: Report) -> str:
    """Return the report as CSV: a row for each figure, with its section and what it is of.

    Args:
        report: What to show.
    """
    import pandas as pd

    top = pd.DataFrame(
        [("headlines", report.period.last.isoformat(), one.name, one.value)
         for one in report.headlines],
        columns=["section", "of", "figure", "value"],
    )  # fmt: skip
    parts = [top]
    for section in shown(report):
        keys = section.table[list(section.keys)].astype(str).agg("/".join, axis=1)
        figures = section.table.drop(columns=list(section.keys))
        long = figures.assign(of=keys, section=section.name).melt(
            id_vars=["section", "of"], var_name="figure", value_name="value"
        )
        parts.append(long)
    whole = pd.concat([part.astype(object) for part in parts], ignore_index=True)
    return str(whole.to_csv(index=False, lineterminator="\n"))


def shown(report: Report) -> list[Section]:
    """Return the sections that hold something."""
    return [section for section in report.sections if not section.table.empty]


def draw(section: Section) -> go.Figure:
    """Return the chart of a section."""
    return _DRAWN[section.chart.kind](section)


def _over_time(section: Section) -> go.Figure:
    import plotly.graph_objects as go

    chart, table, key = section.chart, section.table, section.keys[0]
    groups = {"": table}
    if chart.by is not None:
        groups = {str(group): rows for group, rows in table.groupby(chart.by)}
    figure = go.Figure(layout={"barmode": "stack" if chart.stacked else "group"})
    for group, rows in groups.items():
        for name in chart.figures:
            label = section.labels[name] if chart.by is None else group
            values = {"x": rows[key].tolist(), "y": rows[name].tolist(), "name": label}
            figure.add_trace(
                go.Scatter(**values, mode="lines+markers", marker={"size": 5})
                if chart.kind == "lines"
                else go.Bar(**values)
            )
    if all(len(str(value)) == len("2024-06-03") for value in table[key]):
        # of a single day a time axis would show milliseconds
        figure.update_xaxes(type="date" if table[key].nunique() > 1 else "category")
    return figure


def _ranking(section: Section) -> go.Figure:
    import plotly.graph_objects as go

    [name] = section.chart.figures
    names = [str(value) for value in section.table[section.keys[0]]]
    figure = go.Figure(
        go.Bar(
            x=section.table[name].tolist(),
            y=[text if len(text) <= 28 else text[:27] + "…" for text in names],
            customdata=names,
            hovertemplate="%{customdata}: %{x}<extra></extra>",
            orientation="h",
        )
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_layout(height=90 + ROW_PIXELS * len(names))
    return figure


def _heatmap(section: Section) -> go.Figure:
    import plotly.graph_objects as go

    [name] = section.chart.figures
    cells = section.table.pivot_table(
        index="weekday", columns="hour_of_day", values=name, aggfunc="sum"
    )
    cells = cells.reindex(index=range(1, 8), columns=range(24)).fillna(0)
    figure = go.Figure(
        go.Heatmap(
            z=cells.astype(float).to_numpy().tolist(),
            x=[f"{hour:02d}" for hour in range(24)],
            y=list(WEEKDAYS),
            colorbar={"thickness": 10, "outlinewidth": 0},
            xgap=1,
            ygap=1,
            colorscale=[[0, "rgba(47,111,94,0.06)"], [1, "rgb(47,111,94)"]],
            hovertemplate=f"%{{y}} %{{x}}:00: %{{z}} {section.labels[name]}<extra></extra>",
        )
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


_DRAWN = {"lines": _over_time, "bars": _over_time, "ranking": _ranking, "heatmap": _heatmap}


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, cell=_cell, figure=_figure_json)
    return environment


def _figure_json(section: Section) -> Any:
    """Return a chart as JSON that may stand inside of a page's script."""
    import plotly.io
    from markupsafe import Markup

    figure = draw(section)
    figure.update_layout(template="none")
    text = plotly.io.to_json(figure, validate=False)
    return Markup(text)  # noqa: S704 - no tag can begin in it: Plotly escapes what could


def _number(headline: Headline) -> str:
    return ABSENT if headline.value is None else f"{headline.value:,}{headline.unit}"


def _cell(value: object) -> str:
    if value is None:
        return ABSENT
    return f"{value:,}" if isinstance(value, int | float) else str(value)
