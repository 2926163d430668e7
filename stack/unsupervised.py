"""The parts without our supervisor: their state, where all of it is in the environment.

In containers something else starts and restarts the parts, and hands each the variables that it
needs; nothing is read from ``footfall.env`` unless it is there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from stack.airflow import SECRET_VARIABLES, airflow_environment
from stack.state import State, read_env_file
from warehouse.errors import OperatorError
from warehouse.settings import home_directory, load_settings

_AIRFLOW_PREFIX = "AIRFLOW__"


def state_of_environment() -> State:
    """Return the state that the environment describes, and ``footfall.env`` where there is one."""
    home = home_directory()
    values = {**read_env_file(home), **os.environ}
    return State(home, values, load_settings(), is_new=False)


def environment_for_airflow(state: State) -> Mapping[str, str]:
    """Return the environment of an Airflow command.

    What is in the caller's environment wins, so that one option can be set otherwise.

    Args:
        state: For the addresses, the log-in and Airflow's secrets.

    Raises:
        OperatorError: A secret of Airflow is missing.
    """
    missing = [name for name in SECRET_VARIABLES if not state.values.get(name)]
    if missing:
        raise OperatorError(
            f"{missing[0]} is not set: run `make up`, which writes it to "
            f"{state.home / 'footfall.env'}, or set it in the environment"
        )
    given = {k: v for k, v in os.environ.items() if k.startswith(_AIRFLOW_PREFIX)}
    return {**os.environ, **airflow_environment(state), **given}
