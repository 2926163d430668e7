"""``footfall doctor``: finds and explains what is wrong with an installation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stack.doctor.subject import Finding


def doctor(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for scripts, and nothing else.")
    ] = False,
) -> None:
    """Look for what is wrong with this installation, and tell what to do about it.

    Changes nothing. Exit status 1 where something is wrong.
    """
    from rich.console import Console

    from stack.doctor.examination import examine
    from stack.doctor.subject import Subject
    from stack.progress import Progress
    from stack.state import read_env_file
    from warehouse.errors import OperatorError
    from warehouse.settings import home_directory, load_settings

    settings = load_settings()
    if settings.owner_dsn is None:
        raise OperatorError(f"There is nothing in {home_directory()} yet: run `make up` first.")
    subject = Subject(settings.home, read_env_file(settings.home), settings)
    with Progress(Console(highlight=False, soft_wrap=True, quiet=as_json)).step("looking") as step:
        findings = examine(subject, notify=step.update)
    is_well = not any(finding.problems for finding in findings)
    if as_json:
        checks = [
            {
                "check": finding.check,
                "was_made": finding.was_made,
                "problems": [problem._asdict() for problem in finding.problems],
            }
            for finding in findings
        ]
        typer.echo(json.dumps({"is_well": is_well, "checks": checks}, indent=2))
    else:
        _print(findings)
    raise typer.Exit(0 if is_well else 1)


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        if not finding.was_made:
            typer.echo(f"  ?   {finding.check}: not looked at, for Postgres does not answer")
        elif not finding.problems:
            typer.echo(f"  ok  {finding.check}")
        for problem in finding.problems:
            typer.echo(f"  !!  {problem.what}")
            typer.echo(f"      -> {problem.remedy}")
