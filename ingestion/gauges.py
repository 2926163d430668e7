"""The figures that tell how ingestion is at this moment, read when somebody looks."""

from __future__ import annotations

from ingestion.catalogue import LiveCatalogue
from ingestion.key_ring import KeyRing
from ingestion.landing import Landing
from ingestion.live_settings import LiveSettings
from ingestion.metrics import Metrics


def add_gauges(
    metrics: Metrics,
    landing: Landing,
    catalogue: LiveCatalogue,
    settings: LiveSettings,
    keys: KeyRing,
) -> None:
    """Let the metrics tell how each part is.

    Args:
        metrics: What is added to.
        landing: What waits.
        catalogue: The event types.
        settings: The settings in force.
        keys: The write keys.
    """
    metrics.gauge(
        "footfall_ingestion_queue_events",
        "Events that wait to land.",
        lambda: landing.queued_events,
    )
    metrics.gauge(
        "footfall_ingestion_queue_bytes",
        "Bytes of request bodies whose events wait to land.",
        lambda: landing.queued_bytes,
    )
    metrics.gauge(
        "footfall_ingestion_catalogue_event_types",
        "Event types of the catalogue in force.",
        lambda: len(catalogue.current),
    )
    metrics.gauge(
        "footfall_ingestion_catalogue_problem",
        "Whether the catalogue's files are wrong, so that what they said before is in force: 1, "
        "or 0.",
        lambda: catalogue.problem is not None,
    )
    metrics.gauge(
        "footfall_ingestion_settings_problem",
        "Whether `footfall.env` is wrong, so that what it said before is in force: 1, or 0.",
        lambda: settings.problem is not None,
    )
    metrics.gauge(
        "footfall_ingestion_write_keys",
        "Write keys that are valid, as last read from Postgres.",
        lambda: keys.count,
    )
    metrics.gauge(
        "footfall_ingestion_spool_events",
        "Events that are acknowledged and wait on disk for Postgres.",
        lambda: 0 if landing.backlog is None else landing.backlog.spool.waiting_events,
    )
    metrics.gauge(
        "footfall_ingestion_spool_bytes",
        "Bytes of the events that wait on disk for Postgres.",
        lambda: 0 if landing.backlog is None else landing.backlog.spool.waiting_bytes,
    )
    metrics.gauge(
        "footfall_ingestion_spool_max_bytes",
        "Most bytes that may wait on disk for Postgres.",
        lambda: 0 if landing.backlog is None else landing.backlog.spool.max_bytes,
    )
    metrics.gauge(
        "footfall_ingestion_spool_damaged_files",
        "Files of the spool that were set aside, because they could not be read.",
        lambda: 0 if landing.backlog is None else landing.backlog.spool.damaged,
    )
