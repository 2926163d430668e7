"""``footfall migrate``: prepares a database for parts that `make up` does not run."""

from __future__ import annotations


def migrate() -> None:
    """Create roles, schemas, tables, the write key and Airflow's tables, or bring them up to date.

    `make up` does this by itself. Containers run it once before the other parts start. It connects
    by FOOTFALL_DATABASE_URL, takes the passwords of the roles from their DSNs, and may be repeated.
    """
    import subprocess
    import sys

    from rich.console import Console

    from stack.unsupervised import environment_for_airflow, state_of_environment
    from stack.up import prepare_warehouse
    from warehouse.connections import describe
    from warehouse.errors import OperatorError
    from warehouse.settings import PROJECT_ROOT

    console = Console(highlight=False, soft_wrap=True)
    state = state_of_environment()
    environment = environment_for_airflow(state)
    prepare_warehouse(state)
    console.print(f"warehouse: {describe(state.settings.require('owner_dsn'))}", markup=False)
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    if subprocess.run(command, env=environment, cwd=PROJECT_ROOT, check=False).returncode != 0:
        raise OperatorError("Airflow's database could not be migrated; see above.")
    console.print(f"Airflow: {describe(state.settings.require('airflow_dsn'))}", markup=False)
