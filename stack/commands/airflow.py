"""``footfall airflow``: Airflow's own command, with Footfall's configuration."""

from __future__ import annotations

from typing import Annotated

import typer


def airflow(
    arguments: Annotated[
        list[str],
        typer.Argument(
            help="What Airflow's command takes; begin with -- where it has options.",
            metavar="ARGUMENT...",
        ),
    ],
) -> None:
    """Run a command of Airflow, such as `footfall airflow -- dags list -o json`.

    The process becomes Airflow. Containers start their Airflow parts by it.
    """
    import os
    import sys

    from stack.airflow import prepare_airflow_files
    from stack.unsupervised import environment_for_airflow, state_of_environment
    from warehouse.settings import PROJECT_ROOT

    state = state_of_environment()
    environment = environment_for_airflow(state)
    if state.settings.airflow_password is not None:
        prepare_airflow_files(state)
    os.chdir(PROJECT_ROOT)
    command = [sys.executable, "-m", "airflow", *arguments]
    os.execve(sys.executable, command, environment)  # noqa: S606
