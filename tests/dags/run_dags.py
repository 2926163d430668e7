"""Runs DAGs to their end in this process, and prints the state of every task as JSON.

``python -m tests.dags.run_dags '[["update_daily_analytics", {}], …]'``: in that order, each with
what it is triggered with. Airflow's metadata is where its environment says.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from warehouse.settings import PROJECT_ROOT


def main() -> None:
    """Run the DAGs that the first argument lists."""
    from airflow.utils.db import initdb

    initdb()
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(PROJECT_ROOT / "dags"))
    states: dict[str, Any] = {}
    for dag_id, given in json.loads(sys.argv[1]):
        run = bag.dags[dag_id].test(run_conf=given)
        states[dag_id] = {
            "run": str(run.state),
            **{one.task_id: str(one.state) for one in run.get_task_instances()},
        }
    json.dump(states, sys.stdout)


if __name__ == "__main__":
    logging.disable()
    main()
