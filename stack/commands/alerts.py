"""``footfall alerts``: what is wrong, taking it on, and trying out who is told."""

from __future__ import annotations

import dataclasses
import getpass
import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from pipeline.alerts import Alert

app = typer.Typer(
    help="List what is wrong, take it on, and try out who is told.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]
Name = Annotated[str, typer.Argument(help="Number or condition of the alert, such as gate:raw.")]


@app.command("list")
def list_alerts(
    resolved: Annotated[
        int, typer.Option("--resolved", min=0, help="Show so many that have been resolved, too.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """List what is wrong now, the critical first."""
    from pipeline.alerts import open_alerts, past_alerts
    from pipeline.notifications import pending_notifications
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    console = Console(highlight=False)
    with connect(load_settings().require("transform_dsn"), name="footfall alerts") as connection:
        alerts = [*open_alerts(connection), *past_alerts(connection, resolved)]
        pending = pending_notifications(connection)
    if as_json:
        _print_json([dataclasses.asdict(alert) for alert in alerts])
        return
    if not alerts:
        console.print("Nothing is wrong.")
    else:
        table = Table("alert", "condition", "severity", "state", "since", "times", "what")
        for alert in alerts:
            table.add_row(
                str(alert.alert_id),
                alert.condition,
                alert.severity,
                alert.state,
                f"{alert.opened_at:%Y-%m-%d %H:%M}",
                f"{alert.occurrences:,}",
                alert.summary,
            )
        console.print(table)
    if pending:
        console.print(f"{pending:,} messages wait for a channel that takes them.")


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one alert, what it means, and what to do."""
    from pipeline.conditions import condition_of
    from warehouse.settings import load_settings

    alert = _find(load_settings().require("transform_dsn"), name)
    condition = condition_of(alert.condition)
    if as_json:
        _print_json(
            {
                **dataclasses.asdict(alert),
                "meaning": condition.meaning,
                "remedy": condition.remedy,
            }
        )
        return
    console = Console(highlight=False)
    console.print(f"{alert.condition}, {alert.severity}, {alert.state} (alert {alert.alert_id})")
    console.print(alert.summary, markup=False)
    console.print()
    console.print(condition.meaning, markup=False)
    console.print(condition.remedy, markup=False)
    console.print()
    console.print(f"opened        {alert.opened_at:%Y-%m-%d %H:%M:%S} UTC")
    console.print(f"last seen     {alert.last_seen_at:%Y-%m-%d %H:%M:%S} UTC")
    console.print(f"times seen    {alert.occurrences:,}")
    if alert.acknowledged_at:
        by = f" by {alert.acknowledged_by}" if alert.acknowledged_by else ""
        console.print(f"acknowledged  {alert.acknowledged_at:%Y-%m-%d %H:%M:%S} UTC{by}")
    if alert.resolved_at:
        console.print(f"resolved      {alert.resolved_at:%Y-%m-%d %H:%M:%S} UTC")
    for key, value in alert.detail.items():
        console.print(f"{key}: {json.dumps(value, ensure_ascii=False)}", markup=False)


@app.command()
def acknowledge(
    name: Name,
    by: Annotated[
        str | None, typer.Option(help="Who takes it on; you, as this machine knows you, if not.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Note that somebody has taken an alert on. It goes by itself when its condition ends."""
    from pipeline.alerts import acknowledge_alert
    from warehouse.connections import connect
    from warehouse.errors import OperatorError
    from warehouse.settings import load_settings

    dsn = load_settings().require("transform_dsn")
    alert = _find(dsn, name)
    if alert.state == "resolved":
        raise OperatorError(f"{alert.condition} is resolved: there is nothing to take on.")
    with connect(dsn, name="footfall alerts") as connection:
        acknowledge_alert(connection, alert.condition, by=by or getpass.getuser())
    taken_on = _find(dsn, str(alert.alert_id))
    if as_json:
        _print_json(dataclasses.asdict(taken_on))
        return
    Console(highlight=False).print(
        f"{taken_on.condition} was taken on by {taken_on.acknowledged_by}.", markup=False
    )


@app.command()
def figures(as_json: AsJson = False) -> None:
    """Show what comes in, what fails, how fast Postgres is, and how true the marts are."""
    from pipeline.health_figures import health_figures
    from warehouse.settings import load_settings

    found = health_figures(load_settings())
    if as_json:
        _print_json(dataclasses.asdict(found))
        return

    def percent(value: float | None) -> str:
        return "nothing to tell by" if value is None else f"{value:.2f} %"

    typer.echo(f"events received in the last 15 minutes  {found.events_per_minute:,.1f} a minute")
    typer.echo(f"of these went into quarantine           {percent(found.failed_percent)}")
    typer.echo(f"a small commit in Postgres              {found.commit_ms:,.1f} ms")
    typer.echo(f"events of the last 7 days in the marts  {percent(found.accuracy_percent)}")


@app.command("test")
def try_channels(as_json: AsJson = False) -> None:
    """Send a test message to every channel; exit with status 1 where one does not take it."""
    from pipeline.channels import open_channels
    from warehouse.errors import OperatorError
    from warehouse.settings import load_settings

    channels = open_channels(load_settings())
    if not channels:
        raise OperatorError(
            "There is no channel: set FOOTFALL_ALERT_CHANNELS, for instance by `footfall settings "
            "set alert_channels 'mailtos://…'`."
        )
    errors = {
        channel.name: channel.send(
            "Footfall: a test", "This is how an alert would reach you.", is_bad_news=False
        )
        for channel in channels
    }
    if as_json:
        _print_json([{"channel": name, "error": error} for name, error in errors.items()])
    else:
        for name, error in errors.items():
            typer.echo(f"{name}: {'taken' if error is None else f'NOT TAKEN: {error}'}")
    raise typer.Exit(any(errors.values()))


def _find(dsn: str, name: str) -> Alert:
    from pipeline.alerts import find_alert
    from warehouse.connections import connect
    from warehouse.errors import OperatorError

    with connect(dsn, name="footfall alerts") as connection:
        alert = find_alert(connection, name)
    if alert is None:
        raise OperatorError(
            f"There is no alert {name}: `footfall alerts list --resolved 20` shows what there is."
        )
    return alert


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, default=str, ensure_ascii=False))
