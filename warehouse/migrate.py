"""Brings the schema of ``raw`` and ``ops`` to the version that this code needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from warehouse.connections import connect, sqlalchemy_url
from warehouse.partitions import ensure_partitions
from warehouse.roles import apply_grants

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(owner_dsn: str) -> Config:
    """Return Alembic's configuration for a database, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", sqlalchemy_url(owner_dsn).replace("%", "%%"))
    return config


def upgrade(owner_dsn: str, *, partitions_ahead_days: int) -> None:
    """Run the migrations that are due, set the grants, and make partitions in advance.

    Args:
        owner_dsn: URL of the warehouse's database as the owner.
        partitions_ahead_days: Days for which ``raw.events`` gets its partitions.
    """
    command.upgrade(alembic_config(owner_dsn), "head")
    apply_grants(owner_dsn)
    with connect(owner_dsn, name="footfall migrate") as connection:
        ensure_partitions(connection, days_ahead=partitions_ahead_days)
