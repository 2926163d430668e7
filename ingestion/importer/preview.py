"""Shows what an import would send, without sending it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from ingestion.admission import Rules, admit, reject
from ingestion.catalogue import LiveCatalogue
from ingestion.dialects.canonical import DIALECT
from ingestion.event import Incoming
from ingestion.importer.ids import EventIds, RepeatedRows
from ingestion.importer.job import Notify, Source
from ingestion.importer.rows import Broken
from ingestion.importer.tally import Tally
from ingestion.importer.translation import Event
from ingestion.request import Request
from ingestion.verdict import QUARANTINED, STORED, QuarantineError, Verdict
from warehouse.settings import Settings

_REQUEST = Request("import", "application/json", {}, "")
_UNSOUND = (QuarantineError, msgspec.MsgspecError, UnicodeError, RecursionError)

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
    judge = _judge(Rules.of(settings, LiveCatalogue(settings.catalog_dir).current))
    reader = source.reader()
    translation = source.translation(settings.home)
    with RepeatedRows() as repeats:
        for records in reader.records():
            repeats.add(records.contents)
        ids = EventIds(source.source, repeats.find())
    result = Preview([], [], Tally())
    for records in reader.records():
        translated = translation.translate(records, reader.parse(records), ids)
        verdicts = [judge(event) for event in translated.events]
        result.tally.add(len(records.contents), translated, verdicts)
        result.first_events.extend(translated.events[: show - len(result.first_events)])
        result.first_broken.extend(translated.broken[: show - len(result.first_broken)])
        if notify is not None:
            notify(result.tally.rows, result.tally.rows)
    return result


def _judge(rules: Rules) -> Callable[[Event], Verdict]:
    """Return a function from an event to what ingestion would say of it, if it were new."""

    def judge(event: Event) -> Verdict:
        raw = _encode(event)
        incoming: Incoming | None = None
        try:
            rules.limits.check_size(raw)
            incoming = DIALECT.decode(raw, _REQUEST)
            admitted = admit(incoming, raw, _REQUEST.source, rules)
        except _UNSOUND as error:
            rejected = reject(error, raw, _REQUEST.source, incoming)
            return Verdict(rejected.event_id, QUARANTINED, rejected.reason)
        return Verdict(admitted.event_id, STORED)

    return judge
