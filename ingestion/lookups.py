"""What dialects ask the warehouse about a request: cheaply, and never in the way of the event.

Where Postgres does not answer at once, nobody can tell; the event is then taken unchecked.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import asyncpg
from cachetools import TTLCache

from ingestion.limits import MAX_ENTITY_ID_BYTES, is_storable

logger = logging.getLogger(__name__)

MAX_AGE_SECONDS = 10.0
_MAX_PRODUCTS = 10_000
_PATIENCE_SECONDS = 1.0
_REST_SECONDS = 2.0
_PRODUCT = """
select
    (select product_name from ops.products where product_id = $1),
    exists (select from ops.products)
"""
_FIRST_STORED = "select event_id::text from raw.event_ids where event_id = any($1::uuid[])"


class Product(NamedTuple):
    """What is known of a product.

    Attributes:
        name: What people call it; None where that is not known.
        is_taken: Whether events about it are taken: it is in ``ops.products``, or nothing is.
    """

    name: str | None
    is_taken: bool


ANY_PRODUCT = Product(None, is_taken=True)  # where no products are listed, or nobody can tell


class Lookups:
    """Answers questions out of the warehouse, of which it keeps the latest for a short while."""

    def __init__(self, fetch: Callable[..., Awaitable[Sequence[Any]]]) -> None:
        """Know nothing yet.

        Args:
            fetch: Runs a query with values, and returns its rows.
        """
        self._fetch = fetch
        self._products: TTLCache[str, Product] = TTLCache(_MAX_PRODUCTS, MAX_AGE_SECONDS)
        self._no_products_until = 0.0
        self._resting_until = 0.0

    async def product(self, product_id: str) -> Product:
        """Return what is known of a product; where nobody can tell, any is taken."""
        if time.monotonic() < self._no_products_until:
            return ANY_PRODUCT
        found = self._products.get(product_id)
        if found is not None:
            return found
        if not is_storable(product_id) or len(product_id.encode()) > MAX_ENTITY_ID_BYTES:
            return ANY_PRODUCT  # refused for that, and no question for Postgres
        rows = await self._ask(_PRODUCT, product_id)
        if rows is None:
            return ANY_PRODUCT
        ((name, is_any),) = rows
        if not is_any:
            self._no_products_until = time.monotonic() + MAX_AGE_SECONDS
            return ANY_PRODUCT
        product = self._products[product_id] = Product(name, is_taken=name is not None)
        return product

    async def stored(self, event_ids: Sequence[str]) -> str | None:
        """Return the one of some event ids that is stored; None where none is.

        Args:
            event_ids: UUIDs, the likeliest first, which is returned where nobody can tell.
        """
        rows = await self._ask(_FIRST_STORED, event_ids)
        if rows is None:
            return event_ids[0]
        known = {row[0] for row in rows}
        return next((one for one in event_ids if one in known), None)

    async def _ask(self, query: str, *values: object) -> Sequence[Any] | None:
        """Return a query's rows; None where Postgres does not answer."""
        if time.monotonic() < self._resting_until:
            return None
        try:
            return await asyncio.wait_for(self._fetch(query, *values), _PATIENCE_SECONDS)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self._resting_until = time.monotonic() + _REST_SECONDS
            logger.warning(
                "not looked up: Postgres does not answer (%s); taken unchecked",
                type(error).__name__,
            )
            return None
