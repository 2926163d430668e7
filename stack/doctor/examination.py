"""Makes all checks, one after the other."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from stack.doctor import database, installation, pipeline
from stack.doctor.subject import Check, Finding, Problem, Subject

_DATABASE = Check("Postgres answers", database.database_answers)
CHECKS = (*installation.CHECKS, _DATABASE, *database.CHECKS, *pipeline.CHECKS)


def examine(
    subject: Subject, *, notify: Callable[[str], None] = lambda name: None
) -> list[Finding]:
    """Make all checks; what needs Postgres is left out where it does not answer.

    Args:
        subject: What is looked at.
        notify: Told of each check before it is made.
    """
    findings = []
    is_away = False
    for check in CHECKS:
        if check.needs_database and is_away:
            findings.append(Finding(check.name, (), was_made=False))
            continue
        notify(check.name)
        finding = Finding(check.name, _made(check, subject))
        if check is _DATABASE:
            is_away = any("does not answer" in one.what for one in finding.problems)
        findings.append(finding)
    return findings


def _made(check: Check, subject: Subject) -> tuple[Problem, ...]:
    found = []
    try:
        for problem in check.find(subject):
            found.append(problem)
    except (psycopg.Error, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        found.append(
            Problem(
                f"it could not be looked at: {type(error).__name__}: {reason}",
                "mend what is said above of Postgres, roles and the schema; then look again",
            )
        )
    return tuple(found)
