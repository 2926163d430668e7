"""The distribution functions in SQL give what SciPy gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log, sqrt
from typing import Any

import pytest
from scipy import stats

from pipeline.dbt import dbt_project
from tests.conftest import Warehouse
from warehouse.connections import Connection, connect
from warehouse.roles import Role
from warehouse.settings import Settings

FUNCTIONS = {
    "normal_tail": "normal_tail('a')",
    "normal_quantile": "normal_quantile('a')",
    "student_two_sided": "student_two_sided('a', 'b')",
    "student_quantile": "student_quantile('a', 'b')",
    "chi_square_tail": "chi_square_tail('a', 'b::integer')",
    "sequential_quantile": "sequential_quantile('a', 'b')",
}


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[Connection]:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        yield connection


@pytest.fixture
def calculate(connection: Connection, settings: Settings) -> Any:
    columns = ", ".join(f"{{{{ {call} }}}} as {name}" for name, call in FUNCTIONS.items())
    inline = f"select {columns} from points"
    result = dbt_project(settings).invoke(["compile", "--inline", inline])
    selected = result.results[0].node.compiled_code
    expressions = dict(zip(FUNCTIONS, _split(selected.removeprefix("select ")), strict=True))

    def of(name: str, points: Sequence[Sequence[float]]) -> list[float]:
        parameters = [point[0] for point in points], [point[-1] for point in points]
        query = (
            f"select {expressions[name]} from unnest(%s::float8[], %s::float8[])"
            " with ordinality as points (a, b, number) order by number"
        )
        return [row[0] for row in connection.execute(query.encode(), parameters).fetchall()]

    return of


def _split(columns: str) -> list[str]:
    expressions = []
    for name in FUNCTIONS:
        expression, _, columns = columns.partition(f" as {name}")
        expressions.append(expression.lstrip(", "))
    return expressions


def test_the_functions_agree_with_scipy(calculate: Any) -> None:
    deviates = [(x,) for x in (0.0, 0.5, 1.0, 1.959963984540054, 3.0, 7.0, 7.1, 20.0, 36.9)]
    assert calculate("normal_tail", deviates) == pytest.approx(
        [stats.norm.sf(x) for (x,) in deviates], rel=1e-9
    )
    assert calculate("normal_tail", [(40.0,)]) == [0]

    levels = [(p,) for p in (0.926, 0.95, 0.975, 0.995, 0.9999)]
    assert calculate("normal_quantile", levels) == pytest.approx(
        [stats.norm.ppf(p) for (p,) in levels], rel=1e-12
    )

    scores = [(t, df) for t in (0.0, 0.7, 2.0, 5.0) for df in (5.0, 7.3, 10.0, 45.5, 1e5)]
    assert calculate("student_two_sided", scores) == pytest.approx(
        [2 * stats.t.sf(t, df) for t, df in scores], abs=4e-7
    )
    degrees = [(stats.norm.ppf(0.975), df) for df in (5.0, 7.3, 10.0, 45.5, 1e5)]
    assert calculate("student_quantile", degrees) == pytest.approx(
        [stats.t.ppf(0.975, df) for _, df in degrees], rel=2e-4
    )

    sums = [(x, df) for x in (0.0, 0.01, 1.0, 3.84, 25.0, 300.0) for df in (1, 2, 3, 4, 9, 10)]
    assert calculate("chi_square_tail", sums) == pytest.approx(
        [stats.chi2.sf(x, df) for x, df in sums], rel=1e-9
    )


def test_a_sequential_interval_is_wider_than_one_for_a_single_look(calculate: Any) -> None:
    sizes = [(n, 0.05) for n in (100.0, 5_000.0, 1_000_000.0)]
    small, tuned, large = calculate("sequential_quantile", sizes)
    assert small > tuned > stats.norm.ppf(0.975)
    rho_squared = (-2 * log(0.05) + log(-2 * log(0.05) + 1)) / 5_000
    spread = 5_000 * rho_squared
    assert tuned == pytest.approx(
        sqrt(2 * (spread + 1) / spread * log(sqrt(spread + 1) / 0.05)), rel=1e-12
    )
    assert large > tuned
