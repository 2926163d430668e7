"""The reference page of the DAGs, read off their files without importing Airflow."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

from stack.markdown import page, table
from warehouse.settings import PROJECT_ROOT

DAGS = PROJECT_ROOT / "dags"
IGNORED = DAGS / ".airflowignore"


class Dag(NamedTuple):
    """What a DAG file says of its DAG.

    Attributes:
        dag_id: Its id.
        schedule: Its cron expression or preset; None: only when triggered.
        owner: Who answers for it.
        description: What it does, in a line.
        doc: What it does, in Markdown.
        file: Name of its file.
    """

    dag_id: str
    schedule: str | None
    owner: str
    description: str
    doc: str
    file: str


def dags_page() -> str:
    """Return the page of the DAGs, from the files in ``dags/``."""
    dags = read_dags()
    overview = table(
        ("DAG", "Schedule", "Owner", "What it does"),
        [(f"`{dag.dag_id}`", _schedule(dag), dag.owner, dag.description) for dag in dags],
    )
    sections = [
        f"## {dag.dag_id}\n\n`dags/{dag.file}`, {_schedule(dag)}\n\n{_demoted(dag.doc)}"
        for dag in dags
    ]
    return page(
        "DAGs",
        "`dags/`",
        "What Airflow runs, and when. Times are UTC. A DAG is a file, and its id is its file's "
        "name. How they share the work is told in [Operate](../guides/operate.md#the-schedules).",
        overview,
        *sections,
    )


def dag_files() -> list[Path]:
    """Return the files that hold a DAG each, by name."""
    ignored = IGNORED.read_text().split()
    return sorted(path for path in DAGS.glob("*.py") if path.name not in ignored)


def read_dags() -> list[Dag]:
    """Return the DAGs.

    Raises:
        ValueError: A file has no DAG, or says what it says by an expression.
    """
    return [_read_dag(path) for path in dag_files()]


def _read_dag(path: Path) -> Dag:
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        for decorator in function.decorator_list:
            if not (isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "dag"):
                continue
            said = {
                name: ast.literal_eval(constants.get(ast.unparse(given), given))
                for name, given in _keywords(decorator).items()
                if name in ("dag_id", "schedule", "owner", "description", "doc_md")
            }
            return Dag(
                said.get("dag_id", function.name),
                said["schedule"],
                said["owner"],
                said["description"],
                said["doc_md"].strip(),
                path.name,
            )
    raise ValueError(f"{path} has no function with the decorator @dag(...)")


def _keywords(call: ast.Call) -> dict[str, ast.expr]:
    """Return the keyword arguments of a call, with those of a call that is unpacked into it."""
    found: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is not None:
            found[keyword.arg] = keyword.value
        elif isinstance(keyword.value, ast.Call):
            found |= _keywords(keyword.value)
    return found


def _schedule(dag: Dag) -> str:
    return f"`{dag.schedule}`" if dag.schedule else "when triggered"


def _demoted(markdown: str) -> str:
    """Return text without its first heading, for the page has one in its place."""
    return re.sub(r"\A#+ .*\n+", "", markdown)
