"""What a scheduled task does when it has failed for good, and when it works again.

The functions take what Airflow hands to its callbacks, a mapping, and import nothing of Airflow.
Imports are inside, because every look at a DAG file pays for what is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def alert_on_failure(context: Mapping[str, Any]) -> None:
    """Open an alert for a task that has used up its retries.

    Args:
        context: Airflow's context of the task.
    """
    from pipeline.alerts import raise_alert
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    task = context["ti"]
    with connect(load_settings().require("transform_dsn"), name="footfall alert") as connection:
        raise_alert(
            connection,
            _condition(context),
            "critical",
            f"task {task.task_id} of {task.dag_id} failed: {context.get('exception')}",
            {"dag_id": task.dag_id, "task_id": task.task_id, "run_id": task.run_id},
        )


def resolve_on_success(context: Mapping[str, Any]) -> None:
    """Resolve the alert of a task that works again.

    Args:
        context: Airflow's context of the task.
    """
    from pipeline.alerts import resolve_alert
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    with connect(load_settings().require("transform_dsn"), name="footfall alert") as connection:
        resolve_alert(connection, _condition(context))


def _condition(context: Mapping[str, Any]) -> str:
    task = context["ti"]
    return f"task:{task.dag_id}.{task.task_id}"
