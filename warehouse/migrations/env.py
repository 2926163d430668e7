"""Alembic's entry point: runs the migrations online, as the owner."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from warehouse import health_tables, report_tables, retention_tables  # noqa: F401 - their tables
from warehouse.tables import metadata


def include_object(
    obj: Any, name: str | None, type_: str, reflected: bool, compare_to: Any
) -> bool:
    """Leave out the partitions of raw.events, which the database makes by itself."""
    return not (type_ == "table" and reflected and str(name).startswith("events_"))


def include_name(name: str | None, type_: str, parent_names: Any) -> bool:
    """Look at the schemas that migrations own, and no others."""
    return name in ("raw", "ops") if type_ == "schema" else True


url = context.config.get_main_option("sqlalchemy.url")
assert url is not None
engine = create_engine(url, poolclass=NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        include_name=include_name,
        include_object=include_object,
        version_table_schema="ops",
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()
