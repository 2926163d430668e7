"""From a method and a path to the endpoint that takes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingestion.dialect import Dialect, Endpoint

_PARAMETER = re.compile(r"\{(\w+)\}")


class Route(NamedTuple):
    """Where a request goes.

    Attributes:
        dialect: Its wire format.
        endpoint: The endpoint.
        parameters: The parameters in its path, by name.
    """

    dialect: Dialect
    endpoint: Endpoint
    parameters: dict[str, str]

    @property
    def address(self) -> str:
        """Method and path of the request, such as ``POST /v1/events``."""
        return f"{self.endpoint.method} {self.endpoint.path.format_map(self.parameters)}"


class Router:
    """Finds endpoints: those without parameters by one look-up.

    Attributes:
        methods: The methods by which each path takes events.
    """

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        self._exact: dict[tuple[str, str], Route] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Dialect, Endpoint]] = []
        methods: dict[str, list[str]] = {}
        for dialect in dialects:
            for endpoint in dialect.endpoints:
                path = endpoint.path
                methods.setdefault(path, []).append(endpoint.method)
                if "{" in path:
                    pattern = re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path))
                    self._patterns.append((endpoint.method, pattern, dialect, endpoint))
                else:
                    self._exact[endpoint.method, path] = Route(dialect, endpoint, {})
        self.methods: Mapping[str, Sequence[str]] = methods

    def find(self, method: str, path: str) -> Route | None:
        """Return where a request goes; None where no endpoint takes it."""
        found = self._exact.get((method, path))
        if found is not None:
            return found
        for wanted, pattern, dialect, endpoint in self._patterns:
            if wanted == method and (match := pattern.fullmatch(path)):
                return Route(dialect, endpoint, match.groupdict())
        return None
