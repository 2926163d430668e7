"""The reference page of the metrics, from an ingestion that is never started."""

from __future__ import annotations

from pydantic import SecretStr

from stack.markdown import page, table
from warehouse.settings import Settings


def metrics_page() -> str:
    """Return the page of the metrics, from the registry of ingestion."""
    from ingestion.app import Ingestion

    nobody = SecretStr("postgresql:///none")  # it connects to nothing before it is started
    settings = Settings(ingest_dsn=nobody, privacy_secret=SecretStr("none"))
    rows = [
        (
            f"`{family.name}{'_total' if family.type == 'counter' else ''}`",
            family.type,
            family.documentation,
        )
        for family in Ingestion(settings).metrics.registry.collect()
        if family.name.startswith("footfall_")
    ]
    return page(
        "Metrics",
        "the registry of ingestion",
        "What Prometheus reads at `/metrics` of ingestion, port 8000; [how](../guides/"
        "operate.md#metrics-for-prometheus). Beside these there are `process_…`: memory, processor "
        "time, open files and start of the process. Labels are names of ours and of your write "
        "keys, never what a client sends.",
        table(("Metric", "Type", "Meaning"), rows),
    )
