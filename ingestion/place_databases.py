"""Databases of where IP addresses are: MaxMind DB files of any maker, and one that comes along."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import maxminddb
from iptocc import country_code

from ingestion.addresses import Address
from warehouse.errors import OperatorError

_UNKNOWN_REGION = "ZZ"  # of the CLDR
_SAMPLE = 10_000  # networks


class Place(NamedTuple):
    """Where an address is; None where that is not known.

    Attributes:
        country: English name, as the Unicode CLDR has it, such as United States.
        region: Such as California.
        city: Such as Mountain View.
    """

    country: str | None = None
    region: str | None = None
    city: str | None = None


NOWHERE = Place()


class UnreadableDatabaseError(OperatorError):
    """A file is no database of places; the message names it."""


class Database(Protocol):
    """Something that knows where addresses are."""

    @property
    def label(self) -> str:
        """What it is, in a line."""
        ...

    def find(self, address: Address) -> Place:
        """Return where an address is.

        Raises:
            UnreadableDatabaseError: It is damaged.
        """
        ...


class MaxMindFiles:
    """Files in the MaxMind DB format, such as one for IPv4 and one for IPv6.

    They are mapped into memory, of which only the parts in use are taken.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        """Open the files.

        Raises:
            UnreadableDatabaseError: One is missing, or is no such file.
        """
        self._readers = [_open(path) for path in paths]

    @property
    def label(self) -> str:
        """What the files call themselves, and when they were built."""
        found = []
        for reader in self._readers:
            about = reader.metadata()
            built = dt.datetime.fromtimestamp(about.build_epoch, dt.UTC)
            found.append(f"{about.database_type} of {built:%Y-%m-%d}")
        return ", ".join(found)

    def sample(self) -> Place:
        """Return the first place with a country among the first networks; nowhere without one.

        Raises:
            UnreadableDatabaseError: A file is damaged.
        """
        try:
            for reader in self._readers:
                for _, record in islice(reader, _SAMPLE):
                    if isinstance(record, dict) and (place := place_of(record)).country:
                        return place
        except (maxminddb.InvalidDatabaseError, UnicodeDecodeError) as error:
            raise UnreadableDatabaseError(f"the database is damaged: {error}") from error
        return NOWHERE

    def find(self, address: Address) -> Place:
        """Return where an address is.

        Raises:
            UnreadableDatabaseError: A file is damaged.
        """
        for reader in self._readers:
            if reader.metadata().ip_version < address.version:
                continue
            try:
                record = reader.get(address)
            except (maxminddb.InvalidDatabaseError, UnicodeDecodeError, ValueError) as error:
                raise UnreadableDatabaseError(f"the database is damaged: {error}") from error
            if isinstance(record, dict):
                return place_of(record)
        return NOWHERE


class RegistryCountries:
    """The countries to which the regional registries have assigned networks; they come along."""

    label = f"countries by the regional registries, iptocc {version('iptocc')}"

    def find(self, address: Address) -> Place:
        """Return the country of an address."""
        code = country_code(str(address))
        return NOWHERE if code is None else Place(country_name(code))


def place_of(record: Mapping[str, Any]) -> Place:
    """Return the place that a record gives, in the layout of MaxMind, DB-IP, IPinfo or IP2Location.

    Args:
        record: What a MaxMind DB file has of a network.
    """
    country = record.get("country")
    code = country.get("iso_code") if isinstance(country, dict) else None
    code = code or record.get("country_code") or country
    name = country_name(code) if isinstance(code, str) else None
    parts = record.get("subdivisions")
    region = parts[0] if isinstance(parts, list) and parts else None
    for key in ("region", "state1", "stateprov", "region_name"):
        region = region or record.get(key)
    return Place(
        name or _text(country) or _text(record.get("country_name")),
        _text(region),
        _text(record.get("city")),
    )


@cache
def country_name(code: str) -> str | None:
    """Return the English name of a country, the same whichever database its code is from.

    Args:
        code: ISO 3166-1 alpha-2.

    Returns:
        The name that the Unicode CLDR has; None for what is no such code.
    """
    if len(code) != 2 or not code.isalpha() or code == _UNKNOWN_REGION:
        return None
    from babel import Locale

    name = Locale("en").territories.get(code.upper())
    return None if name is None else str(name)


def _text(value: object) -> str | None:
    """Return a name that is given as text, or in several languages."""
    if isinstance(value, dict):
        names = value.get("names")
        value = names.get("en") if isinstance(names, dict) else None
    return value if isinstance(value, str) and value else None


def _open(path: Path) -> maxminddb.Reader:
    try:
        return maxminddb.open_database(path)
    except FileNotFoundError as error:
        raise UnreadableDatabaseError(f"{path.name} is not there") from error
    except (OSError, maxminddb.InvalidDatabaseError, ValueError) as error:
        raise UnreadableDatabaseError(f"{path.name} is no MaxMind DB file") from error
