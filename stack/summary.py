"""The closing words of ``footfall up``: where everything is, and what the warehouse holds."""

from __future__ import annotations

import psycopg
from rich.console import Console

from stack.state import State
from warehouse.connections import connect, describe
from warehouse.settings import ENV_FILE

_COLUMNS = "date, events, active_users, new_users, sessions, page_views, api_requests, error_count"


def print_summary(state: State, console: Console) -> None:
    """Print addresses, log-in, the ledger, and the first rows of ``marts.daily_analytics``.

    Args:
        state: The state.
        console: Where to print; a password is shown on a terminal only.
    """
    settings = state.settings
    file = state.home / ENV_FILE
    password = settings.require("airflow_password") if console.is_terminal else f"in {file}"
    lines = {
        "Ingestion": f"{settings.ingestion_url}/v1/events (reference: /docs)",
        "Serving": f"{settings.serving_url} (docs: /docs, /docs/dbt/, /docs/quality/)",
        "Airflow": f"{settings.airflow_url} (user {settings.airflow_user}, password {password})",
        "Postgres": f"{describe(settings.require('read_dsn'))} (DSN in FOOTFALL_READ_DSN)",
        "Secrets": str(file),
    }
    console.print()
    for name, text in lines.items():
        console.print(f"  {name:<10} {text}", markup=False)
    _print_ledger(state, console)
    _print_daily(state, console)


def _print_ledger(state: State, console: Console) -> None:
    with connect(state.settings.require("owner_dsn"), name="footfall up") as connection:
        row = connection.execute(
            "select coalesce(sum(received), 0), coalesce(sum(stored), 0),"
            " coalesce(sum(duplicate), 0), coalesce(sum(quarantined), 0),"
            " coalesce(sum(suppressed), 0) from raw.loads"
        ).fetchone()
    assert row is not None
    received, stored, duplicate, quarantined, suppressed = map(int, row)
    console.print(
        f"  {'Events':<10} {received:,} received = {stored:,} stored + {duplicate:,} duplicate"
        f" + {quarantined:,} quarantined + {suppressed:,} suppressed",
        markup=False,
    )


def _print_daily(state: State, console: Console) -> None:
    try:
        with connect(state.settings.require("read_dsn"), name="footfall up") as connection:
            rows = connection.execute(
                f"select {_COLUMNS} from marts.daily_analytics"  # noqa: S608 - a constant
                " order by date desc limit 5".encode()
            ).fetchall()
    except psycopg.errors.UndefinedTable:
        return
    if not rows:
        return
    names = _COLUMNS.split(", ")
    cells = [names, *([str(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    console.print("\n  marts.daily_analytics", markup=False)
    for line in cells:
        shown = "  ".join(f"{text:>{width}}" for text, width in zip(line, widths, strict=True))
        console.print(f"  {shown}", markup=False)
