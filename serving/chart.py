"""A plain column chart as inline SVG: no script, no asset, colours from the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

HEIGHT = 100
STEP = 10
GAP = 2
LEAST_HEIGHT = 0.8


class Column(NamedTuple):
    """One column: what a pointer or a screen reader is told, and its height."""

    label: str
    value: int


def column_chart(columns: Sequence[Column], *, places: int, title: str) -> Markup:
    """Return columns side by side, the highest as high as the chart, the last at its right end.

    Args:
        columns: From left to right; values from 0 up, in any one unit.
        places: Columns for which there is room; those that are missing leave a gap on the left.
        title: What the chart shows, for those who do not see it.

    Returns:
        An ``svg`` element that stretches to the width and height that the page gives it.
    """
    highest = max((column.value for column in columns), default=0) or 1
    rectangles = Markup("").join(
        Markup(
            '<g><title>{label}: {value:,}</title><rect class="reach" x="{x}" y="0" width="{step}"'
            ' height="{full}"/><rect class="column" x="{left}" y="{y:.2f}" width="{width}"'
            ' height="{height:.2f}"/></g>'
        ).format(
            label=column.label,
            value=column.value,
            x=index * STEP,
            step=STEP,
            full=HEIGHT,
            left=index * STEP + GAP / 2,
            width=STEP - GAP,
            y=HEIGHT - height,
            height=height,
        )
        for index, column in enumerate(columns, start=places - len(columns))
        for height in [max(column.value / highest * HEIGHT, LEAST_HEIGHT if column.value else 0)]
    )
    return Markup(
        '<svg role="img" aria-label="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">{}</svg>'
    ).format(escape(title), places * STEP, HEIGHT, rectangles)
