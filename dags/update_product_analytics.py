"""Products, searches, recommendations, orders and sales."""

from __future__ import annotations

from airflow.sdk import dag

from dags.wiring import build, new_loads, rules

DOMAINS = ("product", "sales")

DOC = """
### Product and sales marts

The domains **product** (`product_metrics`, products by period, searches, recommendations) and
**sales** (`orders`, `sales_daily`, payment methods, acquisition).

By hand: `footfall run product sales`.
"""


@dag(
    schedule="*/30 * * * *",
    description="Products, searches, recommendations, orders and sales",
    doc_md=DOC,
    tags=["marts", "product", "sales"],
    **rules(owner="commerce"),
)
def update_product_analytics() -> None:
    """Wire the tasks: nothing is built where nothing has landed."""
    new_loads(DOMAINS) >> build(DOMAINS)


update_product_analytics()
