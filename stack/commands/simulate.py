"""``footfall simulate``: sends made-up events."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from typing import Annotated

import typer
from rich.console import Console

from stack.moments import parse_moment

_EVENTS = 20_000


def simulate(
    events: Annotated[int, typer.Option(min=1, help="How many events.")] = _EVENTS,
    days: Annotated[float, typer.Option(min=0.01, help="Over how many days.")] = 1,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of all chance. Events of one seed count once, however often they are sent. "
            "Default: a new one."
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="When they end, such as 2026-11-21T12:00Z. Default: now."
        ),
    ] = None,
    *,
    url: Annotated[
        str | None, typer.Option(help="Ingestion API. Default: FOOTFALL_INGESTION_URL.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the counts as JSON, and nothing else.")
    ] = False,
) -> None:
    """Send made-up events of a shop with communities, through the ingestion API.

    Visitors come and go by day and night, look, buy, log in, talk; servers answer and fail. With
    the same seed and times the events are the same.
    """
    from ingestion.client import EventSender
    from ingestion.simulator import send_simulated
    from stack.row_progress import progress_bar
    from warehouse.settings import load_settings

    settings = load_settings()
    console = Console(highlight=False, soft_wrap=True, quiet=as_json)
    end = dt.datetime.now(dt.UTC) if until is None else parse_moment("--until", until)
    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    with EventSender(url or settings.ingestion_url, settings.require("write_key")) as sender:
        sender.check()
        with progress_bar(console, "simulating", "events") as notify:
            verdicts = send_simulated(
                sender,
                seed=chosen,
                events=events,
                start=end - dt.timedelta(days=days),
                end=end,
                notify=notify,
            )
    if as_json:
        counts = {"seed": chosen, "until": end.isoformat(), "events": events, **verdicts}
        typer.echo(json.dumps(counts))
        return
    for status, count in verdicts.items():
        console.print(f"{count:>12,}  {status}")
    console.print(f"--seed {chosen} --until {end.isoformat()} makes the same events", markup=False)
