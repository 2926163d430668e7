"""The report on geo restrictions: how well they hold, where they are met, who comes round them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reports.contents import Chart, Headline, Period, Report, Section, read_table
from warehouse.connections import Connection

if TYPE_CHECKING:
    import pandas as pd

KIND = "geo"
DAYS = 30
_SUMS = (
    "sum(total_attempts) as total_attempts, sum(blocked_attempts) as blocked_attempts,"
    " sum(allowed_attempts) as allowed_attempts, sum(bypassed_attempts) as bypassed_attempts,"
    " sum(traveler_attempts) as traveler_attempts,"
    " round(100.0 * sum(blocked_attempts) / nullif(sum(total_attempts), 0), 1)"
    " as effectiveness_percentage"
)
_LABELS = {
    "total_attempts": "Attempts",
    "blocked_attempts": "Blocked",
    "allowed_attempts": "Allowed",
    "bypassed_attempts": "Bypassed",
    "traveler_attempts": "By travellers",
    "effectiveness_percentage": "Effectiveness, %",
}


def describe_geo(connection: Connection, period: Period) -> Report:
    """Return the report on all restricted communities.

    Args:
        connection: Of the pipeline.
        period: Its days.
    """
    return Report(
        KIND,
        "",
        "Geo restrictions",
        period,
        _headlines(connection, period),
        (
            Section(
                "days",
                "Attempts by day",
                ("date",),
                {"date": "Day", **_LABELS},
                _effectiveness(connection, period, "date", "date"),
                Chart("bars", ("blocked_attempts", "allowed_attempts"), stacked=True),
                "Effectiveness is the share of the attempts that were blocked.",
            ),
            Section(
                "communities",
                "Communities with most attempts",
                ("community_id",),
                {"community_id": "Community", **_LABELS},
                _effectiveness(
                    connection, period, "community_id", "total_attempts desc, 1", limit=20
                ),
                Chart("ranking", ("total_attempts",)),
            ),
            _places(connection, period, "countries", ("country",)),
            _places(connection, period, "cities", ("city", "region", "country")),
        ),
    )


def _headlines(connection: Connection, period: Period) -> tuple[Headline, ...]:
    table = read_table(
        connection,
        f"select {_SUMS} from marts.geo_effectiveness"  # noqa: S608 - a constant
        " where date between %(first)s and %(last)s",
        **period._asdict(),
    )
    [found] = table.to_dict("records")
    return tuple(
        Headline(
            name, label.removesuffix(", %"), found[name], unit=" %" if label.endswith("%") else ""
        )
        for name, label in _LABELS.items()
    )


def _effectiveness(
    connection: Connection, period: Period, key: str, order: str, limit: int = 1000
) -> pd.DataFrame:
    return read_table(
        connection,
        f"select {key}, {_SUMS} from marts.geo_effectiveness"  # noqa: S608 - constants
        f" where date between %(first)s and %(last)s group by {key}"
        f" having sum(total_attempts) > 0 order by {order} limit %(limit)s",
        limit=limit,
        **period._asdict(),
    )


def _places(connection: Connection, period: Period, name: str, columns: tuple[str, ...]) -> Section:
    known = ", ".join(f"nullif({column}, 'unknown')" for column in columns)
    return Section(
        name,
        f"{name.capitalize()} with most blocked attempts",
        ("place",),
        {
            "place": "Place",
            "attempts": "Attempts",
            "blocked": "Blocked",
            "bypassed": "Bypassed",
            "travelers": "By travellers",
        },
        read_table(
            connection,
            f"select coalesce(nullif(concat_ws(', ', {known}), ''), 'unknown') as place,"  # noqa: S608
            " sum(attempts) as attempts,"
            " coalesce(sum(attempts) filter (where result = 'blocked'), 0) as blocked,"
            " coalesce(sum(attempts) filter (where result = 'bypassed'), 0) as bypassed,"
            " sum(traveler_attempts) as travelers from marts.geo_access_daily"
            " where date between %(first)s and %(last)s group by 1"
            " order by blocked desc, attempts desc, place limit 15",
            **period._asdict(),
        ),
        Chart("ranking", ("blocked",)),
    )
