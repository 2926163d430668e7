"""``GET /v1/daily``: the days of ``marts.daily_analytics``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from serving.access import Access
from serving.database import Database
from serving.errors import InvalidParameterError, unauthorized

PATH = "/v1/daily"
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
PARAMETERS = ("start", "end", "limit")

Count = Annotated[int, Meta(ge=0)]


class DailyAnalytics(msgspec.Struct):
    """The figures of one day, in the reporting time zone."""

    date: dt.date
    total_users: Annotated[Count, Meta(description="Visitors seen up to and including the day.")]
    active_users: Annotated[
        Count,
        Meta(description="Distinct visitors with an event on the day, unnamed senders aside."),
    ]
    new_users: Annotated[Count, Meta(description="Visitors whose first event is on the day.")]
    new_registrations: Annotated[Count, Meta(description="Registrations.")]
    sessions: Annotated[Count, Meta(description="Sessions that began.")]
    events: Annotated[Count, Meta(description="Events of every kind.")]
    page_views: Annotated[Count, Meta(description="Page views.")]
    community_views: Annotated[Count, Meta(description="Views of communities.")]
    community_joins: Annotated[Count, Meta(description="Joins of communities.")]
    average_online_members: Annotated[
        Decimal, Meta(description="Members online in communities, on average over the day.")
    ]
    peak_community_activity: Annotated[
        Count, Meta(description="Most events of communities in one hour.")
    ]
    geo_access_attempts: Annotated[Count, Meta(description="Geo-restricted access attempts.")]
    geo_blocked_attempts: Annotated[Count, Meta(description="Of these, blocked.")]
    geo_allowed_access: Annotated[Count, Meta(description="Of these, allowed.")]
    traveler_access_count: Annotated[Count, Meta(description="Of these, by travellers.")]
    content_views: Annotated[Count, Meta(description="Views of content.")]
    content_interactions: Annotated[Count, Meta(description="Interactions with content.")]
    new_posts: Annotated[Count, Meta(description="Posts.")]
    new_comments: Annotated[Count, Meta(description="Comments.")]
    total_likes: Annotated[Count, Meta(description="Likes.")]
    total_shares: Annotated[Count, Meta(description="Shares.")]
    total_interactions: Annotated[
        Count, Meta(description="Interactions with content and communities.")
    ]
    api_requests: Annotated[Count, Meta(description="Requests to the application's API.")]
    error_count: Annotated[Count, Meta(description="Errors that the application reported.")]
    avg_response_time: Annotated[
        Decimal | None,
        Meta(description="Mean response time of API requests, in milliseconds; null: none timed."),
    ]
    avg_session_duration: Annotated[
        Decimal | None, Meta(description="Mean length of sessions, in seconds; null: no session.")
    ]
    bounce_rate: Annotated[
        Decimal, Meta(description="Sessions that were a bounce, in percent, 0 to 100.")
    ]
    created_at: Annotated[
        dt.datetime | None, Meta(description="When the day's first event was received.")
    ]


class DailyPage(msgspec.Struct):
    """A page of days, in order of their date."""

    rows: list[DailyAnalytics]
    next: Annotated[
        str | None, Meta(description="Path and query of the next page; null: this is the last.")
    ]


COLUMNS = ", ".join(DailyAnalytics.__struct_fields__)
_encoder = msgspec.json.Encoder(decimal_format="number")


async def days(
    database: Database, start: dt.date, end: dt.date, limit: int
) -> list[DailyAnalytics]:
    """Return the days from ``start`` to ``end``, both included, at most ``limit`` of them.

    Raises:
        DatabaseAwayError: The warehouse does not answer.
        NotBuiltError: There is no such mart yet.
    """
    rows = await database.fetch(
        f"select {COLUMNS} from marts.daily_analytics"  # noqa: S608 - our own field names
        " where date between $1 and $2 order by date limit $3",
        start,
        end,
        limit,
    )
    return [DailyAnalytics(**row) for row in rows]


async def daily(request: Request) -> Response:
    """Answer a page of days as JSON."""
    access: Access = request.app.state.access
    if not access.may_read(request):
        return unauthorized()
    start, end, limit = _parse(request)
    rows = await days(request.app.state.database, start, end, limit + 1)
    page = DailyPage(rows[:limit], None)
    if len(rows) > limit:
        query = dict(request.query_params) | {"start": rows[limit].date.isoformat()}
        page.next = f"{PATH}?{urlencode(query)}"
    return Response(_encoder.encode(page), media_type="application/json")


def _parse(request: Request) -> tuple[dt.date, dt.date, int]:
    given = request.query_params
    for name in given:
        if name not in PARAMETERS:
            raise InvalidParameterError(
                name, f"{name} is not known here; use {', '.join(PARAMETERS)}."
            )
        if len(given.getlist(name)) > 1:
            raise InvalidParameterError(name, f"{name} is given more than once; give it once.")
    start = _date(request, "start", dt.date.min)
    end = _date(request, "end", dt.date.max)
    if start > end:
        raise InvalidParameterError("end", f"end ({end}) lies before start ({start}).")
    return start, end, _limit(given.get("limit"))


def _date(request: Request, name: str, default: dt.date) -> dt.date:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise InvalidParameterError(name, f"{name} must be a date such as 2026-11-21.")
    return day


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    # isdecimal admits digits of every script; int() reads them all, but the contract is ASCII
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:5]) <= MAX_LIMIT:
        raise InvalidParameterError("limit", f"limit must be a whole number, 1 to {MAX_LIMIT}.")
    return int(text)
