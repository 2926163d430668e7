"""``footfall docs``: builds the documentation site of the models."""

from __future__ import annotations


def docs() -> None:
    """Build the site that describes every model and draws its lineage.

    Serving shows it at /docs/dbt/. The first `make up` builds it; build it again after a change
    of the models.
    """
    from rich.console import Console

    from pipeline.sites import build_dbt_docs
    from warehouse.settings import load_settings

    settings = load_settings()
    build_dbt_docs(settings)
    Console(highlight=False, soft_wrap=True).print(f"{settings.serving_url}/docs/dbt/")
