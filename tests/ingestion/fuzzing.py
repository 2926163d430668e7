"""What Schemathesis has to know of ingestion besides its OpenAPI document: see fuzzing.toml."""

from __future__ import annotations

import re
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, HookContext, Response, SerializationContext
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation

# What answers say of data that a schema cannot exclude: a date-time may be of any year, bytes are
# not characters, a number in quotes has no bounds, and what nobody knows may be deep and precise.
_BEYOND_SCHEMAS = re.compile(
    r"lies before 1990|NUL character|nested deeper|digits (before|after) the point|more than \d+ "
    r"bytes|^value of \w+/\w+ must lie between"
)
# Paths whose event types are those of the catalogue, each with fields that it needs.
_OF_THE_CATALOGUE = ("/api/v1/core/collect/", "/api/events/events/")
_CATALOGUE = re.compile(
    r"has no event type|there is no such event_type| of \w+/\w+ |is missing: send"
)

_LINE = st.sampled_from(
    ['{"category": "user", "event_type": "login"}', '{"category": "none"}', "{}", "", " "]
)
schemathesis.openapi.format("ndjson", st.lists(_LINE).map(lambda lines: "\n".join(["{}", *lines])))


@schemathesis.serializer("application/x-ndjson")
def ndjson(context: SerializationContext, value: Any) -> Any:
    """Send text as it is; what is none, as it would be written."""
    return value.encode() if isinstance(value, str) else str(value).encode()


@schemathesis.hook
def filter_failure(
    context: HookContext, failure: Failure, case: Case[Any], response: Response
) -> bool:
    """Let a request be refused that its schema allows, where no schema can exclude it."""
    if failure.title != "Schema-valid request rejected":
        return True
    is_of_the_catalogue = case.path in _OF_THE_CATALOGUE and _CATALOGUE.search(response.text)
    return not (is_of_the_catalogue or _BEYOND_SCHEMAS.search(response.text))


@schemathesis.check
def verdicts_agree_with_the_schema(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Hold the verdicts of a batch against what the document says of its events.

    This stands for ``negative_data_rejection`` and ``positive_data_acceptance`` where a request
    with a wrong event is taken, and the event is quarantined.
    """
    if case.path != "/v1/events" or response.status_code != 200 or case.meta is None:
        return
    if case.media_type != "application/json":
        return
    verdicts = response.json()["results"]
    wrong = [verdict for verdict in verdicts if verdict["status"] == "quarantined"]
    if case.meta.generation.mode.is_positive:
        for verdict in wrong:
            message = verdict["reason"]["message"]
            assert _BEYOND_SCHEMAS.search(message), f"the schema allows it: {message}"
    elif verdicts and case.meta.is_negative_at(ParameterLocation.BODY):
        assert wrong, "the schema forbids it, and it is stored"


@schemathesis.check
class EveryOperationIsTaken:
    """Hold that each operation was carried out at least once, so that the rest says something."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.taken: set[str] = set()

    def after_response(self, ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Note what became of a request."""
        expected = {status[0] for status in case.operation.responses.status_codes} & {"2"}
        if expected:
            self.asked.add(case.operation.label)
        if 200 <= response.status_code < 300:
            self.taken.add(case.operation.label)

    def after_run(self, ctx: CheckContext) -> None:
        """Compare what was asked with what was taken."""
        assert self.asked <= self.taken, f"never 2xx: {sorted(self.asked - self.taken)}"
