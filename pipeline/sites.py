"""Builds the dbt documentation site, which serving shows under /docs/dbt/."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pipeline.dbt import dbt_project
from warehouse.settings import Settings

FILES = ("index.html", "manifest.json", "catalog.json")


def build_dbt_docs(settings: Settings) -> Path:
    """Generate the site, and put it in place of the last one when it is complete.

    Args:
        settings: Where the database and the state directory are.

    Returns:
        The site's directory, ``<home>/sites/dbt``.

    Raises:
        DbtError: The project does not compile.
    """
    dbt_project(settings).invoke(["docs", "generate"])
    site = settings.home / "sites" / "dbt"
    fresh = site.with_suffix(".new")
    stale = site.with_suffix(".old")
    for leftover in (fresh, stale):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(settings.home / "dbt" / name, fresh / name)
    if site.exists():
        os.replace(site, stale)
    os.replace(fresh, site)
    shutil.rmtree(stale, ignore_errors=True)
    return site
