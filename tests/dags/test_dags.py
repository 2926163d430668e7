"""Every DAG file is read without error, and every DAG is fit for the people who run it."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest

from pipeline.domains import mart_domains
from stack.dags_reference import dag_files
from warehouse.settings import PROJECT_ROOT

# every DAG with its schedule
SCHEDULES = {
    "update_daily_analytics": "*/30 * * * *",
    "update_user_analytics": "0 * * * *",
    "update_product_analytics": "*/30 * * * *",
    "update_community_analytics": "*/15 * * * *",
    "process_geo_restriction_analytics": "*/20 * * * *",
    "process_error_logs": "*/10 * * * *",
    "update_system_metrics": "*/15 * * * *",
    "data_quality": "0 * * * *",
    "check_alerts": "*/5 * * * *",
    "generate_analytics_reports": "0 3 * * *",
    "generate_community_reports": "30 3 * * *",
    "generate_geo_effectiveness_reports": "0 4 * * *",
    "cleanup_old_analytics": "0 2 * * *",
    "cleanup_resolved_error_logs": "30 4 * * *",
    "cleanup_redis_analytics": "0 5 * * *",
    "full_refresh": "0 1 * * *",
    "backfill": None,
}
OWNERS = {"analytics", "commerce", "community", "operations", "platform"}
FOR_HOURS = {"full_refresh", "backfill"}


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


@pytest.fixture(params=sorted(SCHEDULES))
def dag(request: pytest.FixtureRequest, bag: Any) -> Any:
    return bag.dags[request.param]


def test_the_dags_are_exactly_these_on_these_schedules(bag: Any) -> None:
    assert bag.import_errors == {}
    assert {
        dag_id: None if dag.schedule is None else dag.timetable.expression
        for dag_id, dag in bag.dags.items()
    } == SCHEDULES


def test_each_domain_of_marts_is_built_by_exactly_one_of_them() -> None:
    built: list[str] = []
    for path in dag_files():
        built += getattr(import_module(f"dags.{path.stem}"), "DOMAINS", ())

    assert sorted(built) == mart_domains()


def test_each_says_who_owns_it_and_what_it_does(dag: Any) -> None:
    assert dag.owner in OWNERS
    assert dag.tags
    assert dag.description
    assert len(dag.doc_md) > 100
    assert all(task.doc_md for task in dag.tasks)


def test_each_runs_one_at_a_time_and_makes_up_for_nothing(dag: Any) -> None:
    assert dag.max_active_runs == 1
    assert not dag.catchup


def test_each_task_is_tried_again_ever_later_and_comes_to_an_end(dag: Any) -> None:
    longest = timedelta(hours=12 if dag.dag_id in FOR_HOURS else 1)
    for task in dag.tasks:
        assert task.retries == 2
        assert task.retry_exponential_backoff
        assert task.retry_delay < task.max_retry_delay
        assert task.execution_timeout <= longest


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
