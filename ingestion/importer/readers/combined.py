"""Reads logs of web servers in Apache's combined format, and the common one.

Columns: ip, ident, user, time, method, path, query, protocol, status, bytes, referrer, user_agent,
device, browser, os, and utm_source, utm_medium, utm_campaign, utm_term, utm_content of the query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ingestion.importer.readers.text import for_people, in_handfuls, lines, too_long
from ingestion.importer.rows import Broken, Column, Records, Table, missing_as_none
from ingestion.importer.schema import ImportMapping
from ingestion.user_agent import describe_user_agent

_LINE_COLUMNS = ("ip", "ident", "user", "time", "request", "status", "bytes")
_TEXT_COLUMNS = ("referrer", "user_agent")
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_REQUEST_COLUMNS = ("method", "path", "query", "protocol", *_UTM)
COLUMNS = (
    *(name for name in _LINE_COLUMNS if name != "request"),
    *_REQUEST_COLUMNS,
    *_TEXT_COLUMNS,
    "device",
    "browser",
    "os",
)

# The last closing quote may be missing: servers cut long user agents, and the rest of the line is
# sound then. What follows the user agent in extended formats is left alone.
_LINE = re.compile(
    r'(\S+) (\S+) (.*?) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)'
    r'(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)(?:"(?: .*)?)?)?'
)
_REQUEST = re.compile(r"([A-Za-z]+) (\S+)(?: (HTTP/[\d.]+))?")
_NO_REQUEST = "(no request)"
_DISTINCT = 16_384


class CombinedReader:
    """Reads one log."""

    def __init__(self, path: Path, mapping: ImportMapping | None) -> None:
        self._path = path
        self._missing = frozenset(("", *(mapping.missing if mapping else ())))

    def columns(self) -> list[str]:
        """Return the names of the columns, which are always the same."""
        return list(COLUMNS)

    def records(self) -> Iterator[Records]:
        """Yield the lines."""
        return in_handfuls(lines(self._path))

    def parse(self, records: Records) -> Table:
        """Take lines apart."""
        positions: list[int] = []
        rows: list[tuple[str | None, ...]] = []
        broken: list[Broken] = []
        for position, content in enumerate(records.contents):
            found = _LINE.fullmatch(content.decode("utf-8", "backslashreplace"))
            problem = too_long(content)
            if found is None or problem:
                broken.append(
                    Broken(
                        records.numbers[position],
                        problem or "not a line of the combined log format",
                        for_people(content),
                    )
                )
            else:
                positions.append(position)
                rows.append(found.groups())
        return Table(positions, self._columns(rows), broken)

    def _columns(self, rows: list[tuple[str | None, ...]]) -> dict[str, Column]:
        if not rows:
            return {name: [] for name in COLUMNS}
        names = (*_LINE_COLUMNS, *_TEXT_COLUMNS)
        found = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        requests = zip(*map(_take_apart, map(str, found.pop("request"))), strict=True)
        found.update(zip(_REQUEST_COLUMNS, map(list, requests), strict=True))
        agents = [describe_user_agent(agent or "") for agent in found["user_agent"]]
        found["device"] = [agent.device for agent in agents]
        found["browser"] = [agent.browser for agent in agents]
        found["os"] = [agent.os for agent in agents]
        return {name: missing_as_none(found[name], self._missing) for name in COLUMNS}


@lru_cache(_DISTINCT)
def _take_apart(request: str) -> tuple[str | None, ...]:
    """Return method, path, query, protocol and campaign parameters of a request line."""
    found = _REQUEST.fullmatch(request)
    if found is None:
        return (None, _NO_REQUEST, *(None,) * (len(_REQUEST_COLUMNS) - 2))
    method, target, protocol = found.groups()
    if target.startswith("/"):
        path, _, query = target.partition("?")
    else:
        path, query = _of_absolute(target)
    campaign = _campaign(query) if "utm_" in query else (None,) * len(_UTM)
    return (method.upper(), path.partition("#")[0], query, protocol, *campaign)


def _of_absolute(target: str) -> tuple[str, str]:
    try:
        parts = urlsplit(target)
    except ValueError:
        return target, ""
    return (parts.path or target, parts.query) if parts.scheme else (target, "")


def _campaign(query: str) -> tuple[str | None, ...]:
    given = parse_qs(query)
    return tuple(given[name][0] if name in given else None for name in _UTM)
