"""Every DAG file is read without error, and every DAG is fit for the people who run it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from warehouse.settings import PROJECT_ROOT

EXPECTED = {"update_daily_analytics"}


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The DAGs of this project, read as Airflow's dag-processor reads them."""
    with pytest.MonkeyPatch.context() as environment:
        home = tmp_path_factory.mktemp("airflow")
        environment.setenv("AIRFLOW_HOME", str(home))
        environment.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{home}/none.db")
        environment.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        from airflow.dag_processing.dagbag import DagBag

        return DagBag(str(PROJECT_ROOT / "dags"))


@pytest.fixture(params=sorted(EXPECTED))
def dag(request: pytest.FixtureRequest, bag: Any) -> Any:
    return bag.dags[request.param]


def test_the_dags_are_exactly_these(bag: Any) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == EXPECTED


def test_each_says_who_owns_it_and_what_it_does(dag: Any) -> None:
    assert dag.owner not in ("", "airflow")
    assert dag.tags
    assert dag.description
    assert len(dag.doc_md) > 100
    assert all(task.doc_md for task in dag.tasks)


def test_each_runs_one_at_a_time_and_makes_up_for_nothing(dag: Any) -> None:
    assert dag.max_active_runs == 1
    assert not dag.catchup


def test_each_task_is_tried_again_ever_later_and_comes_to_an_end(dag: Any) -> None:
    for task in dag.tasks:
        assert task.retries >= 1
        assert task.retry_exponential_backoff
        assert task.execution_timeout <= timedelta(hours=1)


def test_each_task_raises_an_alert_when_it_fails_and_resolves_it_when_it_works(dag: Any) -> None:
    from pipeline.scheduled import alert_on_failure, resolve_on_success

    for task in dag.tasks:
        assert alert_on_failure in task.on_failure_callback
        assert resolve_on_success in task.on_success_callback


def test_nothing_heavy_is_imported_to_read_a_dag_file(bag: Any) -> None:
    heavy = {"dbt", "great_expectations", "pandas"}
    lines = [
        line
        for path in (PROJECT_ROOT / "dags").glob("*.py")
        for line in path.read_text().splitlines()
        if line.startswith(("import ", "from "))
    ]
    assert not [line for line in lines if line.split()[1].partition(".")[0] in heavy]
