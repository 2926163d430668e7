"""The report on one community: its members, who was online, and when it is busy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reports.contents import Chart, Headline, Period, Report, Section, read_table
from warehouse.connections import Connection

if TYPE_CHECKING:
    import pandas as pd

KIND = "community"
DAYS = 30


def communities_of(connection: Connection, period: Period) -> list[str]:
    """Return the communities in which anything happened in a period.

    Args:
        connection: Of the pipeline.
        period: Its days.
    """
    rows = connection.execute(
        "select distinct community_id from marts.community_daily"
        " where date between %s and %s and events > 0 order by 1",
        (period.first, period.last),
    ).fetchall()
    return [row[0] for row in rows]


def describe_community(connection: Connection, period: Period, community: str) -> Report:
    """Return the report on a community.

    Args:
        connection: Of the pipeline.
        period: Its days.
        community: Which.
    """
    values = {"community": community, **period._asdict()}
    return Report(
        KIND,
        community,
        f"Community {community}",
        period,
        _headlines(connection, values),
        (
            _activity(connection, values),
            _members(connection, values),
            _online(connection, values),
            _pattern(connection, values),
        ),
    )


def _headlines(connection: Connection, values: dict[str, object]) -> tuple[Headline, ...]:
    table = read_table(
        connection,
        """
        with days as (
            select * from marts.community_daily
            where community_id = %(community)s and date between %(first)s and %(last)s
        ),
        people as (
            select count(distinct visitor_id) as unique_visitors
            from intermediate.int_community_visitor_days
            where community_id = %(community)s and occurred_date between %(first)s and %(last)s
        ),
        latest as (
            select members, member_retention from days order by date desc limit 1
        )
        select
            (select members from latest) as members,
            (select sum(views) from days) as total_views,
            (select unique_visitors from people) as unique_visitors,
            (select max(peak_online_members) from days) as peak_online_members,
            (
                select round(
                    sum(average_session_duration * sessions)
                    / nullif(sum(sessions) filter (where average_session_duration is not null), 0),
                    1
                )
                from days
            ) as average_session_duration,
            (select member_retention from latest) as member_retention
        """,
        **values,
    )
    [found] = table.to_dict("records")
    return tuple(
        Headline(name, label, found[name], unit=unit)
        for name, label, unit in (
            ("members", "Members", ""),
            ("total_views", "Views", ""),
            ("unique_visitors", "Unique visitors", ""),
            ("peak_online_members", "Most members online", ""),
            ("average_session_duration", "Session length", " s"),
            ("member_retention", "Member retention", " %"),
        )
    )


def _activity(connection: Connection, values: dict[str, object]) -> Section:
    return Section(
        "activity",
        "Activity",
        ("date",),
        {
            "date": "Day",
            "views": "Views",
            "unique_visitors": "Visitors",
            "posts": "Posts",
            "comments": "Comments",
            "likes": "Likes",
            "shares": "Shares",
        },
        _days(connection, "views, unique_visitors, posts, comments, likes, shares", values),
        Chart("bars", ("views", "posts", "comments", "likes"), stacked=True),
    )


def _members(connection: Connection, values: dict[str, object]) -> Section:
    return Section(
        "members",
        "Members",
        ("date",),
        {
            "date": "Day",
            "members": "Members",
            "active_members_7d": "Active in 7 days",
            "joins": "Joined",
            "leaves": "Left",
            "member_retention": "Retention, %",
        },
        _days(connection, "members, active_members_7d, joins, leaves, member_retention", values),
        Chart("lines", ("members", "active_members_7d")),
        "Retention is the share of the members who were active in the last seven days.",
    )


def _online(connection: Connection, values: dict[str, object]) -> Section:
    return Section(
        "online",
        "Members online",
        ("date",),
        {
            "date": "Day",
            "peak_online_members": "Most at once",
            "average_online_members": "On average",
            "peak_hour": "Busiest hour",
        },
        _days(connection, "peak_online_members, average_online_members, peak_hour", values),
        Chart("lines", ("peak_online_members", "average_online_members")),
        "Online is who was active in the last five minutes.",
    )


def _pattern(connection: Connection, values: dict[str, object]) -> Section:
    return Section(
        "pattern",
        "When it is busy",
        ("weekday", "hour_of_day"),
        {"weekday": "Weekday", "hour_of_day": "Hour", "events": "events"},
        read_table(
            connection,
            "select weekday, hour_of_day, sum(events) as events from marts.community_hourly"
            " where community_id = %(community)s and date between %(first)s and %(last)s"
            " group by weekday, hour_of_day having sum(events) > 0 order by weekday, hour_of_day",
            **values,
        ),
        Chart("heatmap", ("events",)),
        "Events by weekday (1 is Monday) and hour, in the reporting time zone.",
    )


def _days(connection: Connection, columns: str, values: dict[str, object]) -> pd.DataFrame:
    return read_table(
        connection,
        f"select date, {columns} from marts.community_daily"  # noqa: S608 - columns of ours
        " where community_id = %(community)s and date between %(first)s and %(last)s order by date",
        **values,
    )
