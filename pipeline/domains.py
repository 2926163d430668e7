"""The domains of the warehouse: the core, and one for each folder of marts."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.errors import OperatorError
from warehouse.settings import PROJECT_ROOT

CORE = "core"
ALL = "all"
_MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"


class UnknownDomainError(OperatorError):
    """There is no such domain; the message lists those that there are."""


def mart_domains() -> list[str]:
    """Return the domains of marts, by name."""
    return sorted(folder.name for folder in _MARTS.iterdir() if folder.is_dir())


def resolve(names: Sequence[str]) -> list[str]:
    """Return the domains of marts that the given names stand for.

    Args:
        names: Domains; ``all`` is every domain of marts, ``core`` none, being part of every run.

    Raises:
        UnknownDomainError: A name is none of them.
    """
    known = mart_domains()
    unknown = sorted(set(names) - {*known, CORE, ALL})
    if unknown:
        raise UnknownDomainError(
            f"unknown domain {', '.join(unknown)}: choose from {', '.join([CORE, *known, ALL])}"
        )
    return known if ALL in names else [name for name in known if name in names]
