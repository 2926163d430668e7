"""The Data Docs: what the last runs of each suite found, as a website of plain files.

Only what is new is built. The results of the last runs are kept, of each suite as many as
:data:`KEPT_RUNS`; ``ops.quality_results`` has them all.
"""

from __future__ import annotations

import fcntl
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from expectations.validation import Validation

KEPT_RUNS = 30
_HISTORY = "history"
_SITE = "quality"
_PAGE = {"module_name": "expectations.pages", "class_name": "Page"}


def directory(home: Path) -> Path:
    """Return where the website is; its start page is ``index.html``."""
    return home / "sites" / _SITE


def publish(validation: Validation, home: Path, known_suites: Iterable[str]) -> None:
    """Add a validation to the website, and drop what is too old from it.

    Args:
        validation: What is new.
        home: Directory of all state.
        known_suites: Names of all suites there are; pages of others go.
    """
    from great_expectations.core import ExpectationSuite

    context = validation.context
    for name in set(known_suites) - {suite.name for suite in context.suites.all()}:
        context.suites.add(ExpectationSuite(name=name))
    with _lock(home / "quality" / "site.lock"):
        history: Any = context.add_store(_HISTORY, _history(home))  # type: ignore[arg-type]
        context.add_data_docs_site(_SITE, _site(home))  # type: ignore[arg-type]
        for key, document in validation.documents.items():
            history.set(key, document)
        _prune(history)
        context.build_data_docs(
            resource_identifiers=[  # type: ignore[arg-type]  # says "list of either", takes both
                identifier
                for key in validation.documents
                for identifier in (key, key.expectation_suite_identifier)
            ]
        )


def _history(home: Path) -> dict[str, Any]:
    return {
        "class_name": "ValidationResultsStore",
        "store_backend": _files(home / "quality" / "validations"),
    }


def _site(home: Path) -> dict[str, Any]:
    return {
        "module_name": "expectations.pages",
        "class_name": "Site",
        "site_name": _SITE,
        "show_how_to_buttons": False,
        "store_backend": _files(directory(home)),
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "view": _PAGE},
        "site_section_builders": {
            "expectations": {"view": _PAGE},
            "validations": {"source_store_name": _HISTORY, "view": _PAGE},
            "profiling": "None",
        },
    }


def _files(path: Path) -> dict[str, str]:
    return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(path)}


def _prune(history: Any) -> None:
    by_suite = defaultdict(list)
    for key in history.list_keys():
        by_suite[key.expectation_suite_identifier.name].append(key)
    for keys in by_suite.values():
        keys.sort(key=lambda key: key.run_id.run_time)
        for key in keys[:-KEPT_RUNS]:
            history.remove_key(key)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Let one process at a time write the website."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
