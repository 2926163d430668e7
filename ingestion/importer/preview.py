"""Shows what an import would send, without sending it."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import msgspec

from ingestion.admission import Rules
from ingestion.catalogue import LiveCatalogue
from ingestion.dialects import canonical
from ingestion.importer.ids import EventIds, RepeatedRows
from ingestion.importer.job import Notify, Source
from ingestion.importer.rows import Broken
from ingestion.importer.tally import Tally
from ingestion.importer.translation import Event
from ingestion.items import Rejected, Suppressed
from ingestion.judgement import judge
from ingestion.privacy import Privacy
from ingestion.request import Request
from ingestion.routing import Route
from ingestion.sender import Sender
from ingestion.verdict import QUARANTINED, STORED, SUPPRESSED, Verdict
from warehouse.settings import Settings

_REQUEST = Request(Sender("import", "import"), {}, "")
_ROUTE = Route(canonical.DIALECT, canonical.DIALECT.endpoints[0], {})

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Preview(NamedTuple):
    """What an import would do.

    Attributes:
        first_events: Events of the first rows.
        first_broken: The first rows of which no event can be made.
        tally: Counts over the whole file; ``stored`` are those that this catalogue lets in.
    """

    first_events: list[Event]
    first_broken: list[Broken]
    tally: Tally


def preview(
    source: Source,
    settings: Settings,
    *,
    show: int = 5,
    notify: Notify | None = None,
) -> Preview:
    """Read a whole file, and hold its events against the catalogue that is here.

    Args:
        source: What would be imported.
        settings: Settings, of which the limits and the catalogue count.
        show: How many events and broken rows are kept to be shown.
        notify: Told the number of rows done so far.

    Raises:
        UnreadableFileError: The file is damaged.
    """
    catalogue = LiveCatalogue(settings.catalog_dir).current
    rules = Rules.of(settings, catalogue, Privacy(settings))
    reader = source.reader()
    translation = source.translation(settings.home)
    with RepeatedRows() as repeats:
        for records in reader.records():
            repeats.add(records.contents)
        ids = EventIds(source.source, repeats.find())
    result = Preview([], [], Tally())
    for records in reader.records():
        translated = translation.translate(records, reader.parse(records), ids)
        verdicts = [_verdict(event, rules) for event in translated.events]
        result.tally.add(len(records.contents), translated, verdicts)
        result.first_events.extend(translated.events[: show - len(result.first_events)])
        result.first_broken.extend(translated.broken[: show - len(result.first_broken)])
        if notify is not None:
            notify(result.tally.rows, result.tally.rows)
    return result


def _verdict(event: Event, rules: Rules) -> Verdict:
    """Return what ingestion would say of an event, if it were new."""
    item = judge(_ROUTE, _encode(event), _REQUEST, rules, dt.datetime.now(dt.UTC))
    if isinstance(item, Suppressed):
        return Verdict(None, SUPPRESSED, item.reason)
    if isinstance(item, Rejected):
        return Verdict(item.event_id, QUARANTINED, item.reason)
    return Verdict(item.event_id, STORED)
