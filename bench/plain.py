"""The plain way to take events: FastAPI and SQLAlchemy, an insert and a commit for each request.

What :mod:`bench.ingestion` measures Footfall against. It takes the same events at ``/v1/events``,
one or an array of them, checks their types, keeps each id once, and does nothing else. Runs under
uvicorn: ``uvicorn bench.plain:app``, with the database in ``BENCH_DSN``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Column, DateTime, MetaData, Numeric, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import create_async_engine

from warehouse.connections import sqlalchemy_url

metadata = MetaData()
events = Table(
    "plain_events",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("category", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("user_id", Text),
    Column("anonymous_id", Text),
    Column("session_id", Text),
    Column("entity_type", Text),
    Column("entity_id", Text),
    Column("value", Numeric),
    Column("currency", Text),
    Column("quantity", Numeric),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("context", JSONB, nullable=False),
    Column("properties", JSONB, nullable=False),
    schema="raw",
)
engine = create_async_engine(
    sqlalchemy_url(os.environ["BENCH_DSN"], "asyncpg"), pool_size=10, max_overflow=0
)


class Event(BaseModel):
    """An event as it is sent."""

    event_id: UUID
    category: str
    event_type: str
    user_id: str | None = None
    anonymous_id: str | None = None
    session_id: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    value: Decimal | None = None
    currency: str | None = None
    quantity: Decimal | None = None
    occurred_at: datetime
    context: dict[str, Any] = {}
    properties: dict[str, Any] = {}


@asynccontextmanager
async def _connected(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=_connected)


@app.get("/health/ready")
async def ready() -> dict[str, str]:
    """Say that it runs."""
    return {"status": "ready"}


@app.post("/v1/events")
async def take(sent: Event | list[Event]) -> dict[str, Any]:
    """Insert the events of one request, and commit."""
    batch = sent if isinstance(sent, list) else [sent]
    async with engine.begin() as connection:
        await connection.execute(
            insert(events).on_conflict_do_nothing(), [event.model_dump() for event in batch]
        )
    return {"results": [{"event_id": event.event_id, "status": "stored"} for event in batch]}
