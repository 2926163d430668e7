"""The wire formats that ingestion understands, one file each."""

from __future__ import annotations

from ingestion.dialect import Dialect
from ingestion.dialects import canonical, community, ecommerce, events, marketplace, tracking

DIALECTS: tuple[Dialect, ...] = (
    canonical.DIALECT,
    marketplace.DIALECT,
    ecommerce.DIALECT,
    community.DIALECT,
    tracking.DIALECT,
    events.DIALECT,
)
