"""Imports a file: reads, translates, sends, and keeps count of what became of every row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.client import REFUSED, EventSender
from ingestion.importer.ids import EventIds, RepeatedRows
from ingestion.importer.mapping import choose_mapping, load_mapping
from ingestion.importer.progress import ImportState, import_key, installation_salt
from ingestion.importer.readers import open_reader
from ingestion.importer.readers.text import ROWS_AT_ONCE, for_people
from ingestion.importer.rows import Broken, Reader
from ingestion.importer.schema import Format, ImportMapping, MappingError, missing_columns
from ingestion.importer.tally import Tally
from ingestion.importer.translation import Event, Translated, Translation
from ingestion.verdict import Verdict
from warehouse.errors import OperatorError

_SECONDS_BETWEEN_NOTES = 0.2

Notify = Callable[[int, int], None]
_Batch = tuple[int, Translated]  # rows, and what became of them


class TooManyProblemsError(OperatorError):
    """More events and rows than wanted cannot be used."""


@dataclass(frozen=True)
class Source:
    """A file with what its rows mean.

    Attributes:
        path: The file.
        file_format: Its format.
        mapping: What its rows mean.
        options: Options of the mapping that are set.
        source: Tells equal rows of different origins apart.
    """

    path: Path
    file_format: Format
    mapping: ImportMapping
    options: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def reader(self) -> Reader:
        """Return a reader of the file."""
        return open_reader(self.path, self.file_format, self.mapping)

    def translation(self, home: Path) -> Translation:
        """Return the mapping, ready to make events.

        Args:
            home: State directory, where the key of hashes is kept.

        Raises:
            MappingError: An option is set that the mapping does not have.
        """
        values = self.mapping.option_values(self.options)
        return Translation(self.mapping, values, installation_salt(home / "imports"))


def open_source(
    path: Path,
    file_format: Format,
    mapping: str | None = None,
    *,
    options: Mapping[str, str] | None = None,
    source: str = "",
) -> Source:
    """Find out what a file's rows mean.

    Args:
        path: The file.
        file_format: Its format.
        mapping: Name or path of a mapping; None: the built-in one that fits.
        options: Options of the mapping that are set.
        source: Tells equal rows of different origins apart.

    Raises:
        UnreadableFileError: The file is not in this format.
        MappingError: There is no such mapping, or it does not fit the file.
    """
    if mapping is None:
        columns = open_reader(path, file_format).columns()
        chosen = choose_mapping(file_format, columns)
    else:
        chosen = load_mapping(mapping)
        columns = open_reader(path, file_format, chosen).columns()
    if chosen.format not in (None, file_format):
        raise MappingError(
            f"mapping {chosen.name} is for the format {chosen.format}, not {file_format}"
        )
    absent = missing_columns(chosen, columns)
    # rows of JSON Lines need not all have the same keys
    if absent and file_format != "jsonl":
        raise MappingError(
            f"{path} has no column {', '.join(absent)}, which mapping {chosen.name} uses; it has "
            f"{', '.join(columns)}. Correct the mapping, or name the column under optional"
        )
    return Source(path, file_format, chosen, options or {}, source)


class ImportJob:
    """One import.

    Attributes:
        state: What it keeps in the state directory.
        resumed_rows: Rows that an earlier import had already brought in.
    """

    def __init__(
        self, source: Source, sender: EventSender, home: Path, *, restart: bool = False
    ) -> None:
        """Prepare an import; see :meth:`run`.

        Args:
            source: What is imported.
            sender: Where to.
            home: State directory.
            restart: Begin at the first row, whatever an earlier import has done.
        """
        self._source = source
        self._sender = sender
        self._reader = source.reader()
        self._translation = source.translation(home)
        key = import_key(
            source.path,
            source.file_format,
            repr(source.mapping),
            repr(sorted(source.options.items())),
            source.source,
            sender.url,
            str(ROWS_AT_ONCE),
        )
        self.state = ImportState(home / "imports", source.path, key)
        if restart:
            self.state.forget()
        self._progress = self.state.read()
        self.resumed_rows = self._progress.tally.rows

    def run(
        self,
        *,
        problem_limit: int | None = None,
        on_examined: Notify | None = None,
        on_sent: Notify | None = None,
    ) -> Tally:
        """Import the file.

        Args:
            problem_limit: Most rows and events that may turn out unusable before it stops.
            on_examined: Told the number of rows found so far, while the file is looked over first.
            on_sent: Told the number of rows that are done, and of all.

        Returns:
            What became of all rows, those of an earlier import that was cut short included.

        Raises:
            UnreadableFileError: The file is damaged; nothing of it is imported.
            TooManyProblemsError: The limit was exceeded.
            OperatorError: The API stopped answering. Whatever is raised, the same import goes on
                where it was.
        """
        repeated, rows = self._examine(on_examined)
        tally = self._progress.tally
        noted = time.monotonic()
        try:
            with closing(self._sender.send_many(self._batches(repeated))) as answered:
                for batch, verdicts in answered:
                    self._account(batch, verdicts)
                    if on_sent is not None:
                        on_sent(tally.rows, rows)
                    if problem_limit is not None and tally.problems > problem_limit:
                        raise TooManyProblemsError(self._complaint(problem_limit))
                    if time.monotonic() - noted > _SECONDS_BETWEEN_NOTES:
                        self.state.write(self._progress)
                        noted = time.monotonic()
        except BaseException:
            self.state.write(self._progress)
            raise
        self.state.forget()
        return tally

    @property
    def tally(self) -> Tally:
        """What became of the rows so far."""
        return self._progress.tally

    def _examine(self, notify: Notify | None) -> tuple[frozenset[int], int]:
        """Find the rows that are there more than once, and count all."""
        rows = 0
        with RepeatedRows() as repeats:
            for records in self._reader.records():
                repeats.add(records.contents)
                rows += len(records.contents)
                if notify is not None:
                    notify(rows, rows)
            return repeats.find(), rows

    def _batches(self, repeated: frozenset[int]) -> Iterator[tuple[_Batch, list[Event]]]:
        """Yield the events that are still to be sent; all of a row are in one batch."""
        ids = EventIds(self._source.source, repeated)
        to_skip = self.resumed_rows
        for records in self._reader.records():
            count = len(records.contents)
            if to_skip >= count:
                ids.ordinals(records.contents)
                to_skip -= count
                continue
            table = self._reader.parse(records)
            translated = self._translation.translate(records, table, ids)
            yield (count, translated), translated.events

    def _account(self, batch: _Batch, verdicts: list[Verdict]) -> None:
        rows, translated = batch
        progress = self._progress
        progress.tally.add(rows, translated, verdicts)
        rejected = [*translated.broken, *_refused(translated, verdicts)]
        if rejected:
            progress.rejected_bytes = self.state.reject(sorted(rejected))

    def _complaint(self, limit: int) -> str:
        tally = self.tally
        return (
            f"stopped after {tally.rows:,} rows: {tally.problems:,} rows or events cannot be used, "
            f"more than the limit of {limit:,}. Mend the mapping and use --restart, or raise "
            "--quarantine-limit"
        )


def _refused(translated: Translated, verdicts: list[Verdict]) -> Iterator[Broken]:
    """Yield the rows of events that are too large for any request."""
    for event, number, verdict in zip(translated.events, translated.numbers, verdicts, strict=True):
        if verdict.status == REFUSED:
            problem = verdict.reason.message if verdict.reason else REFUSED
            yield Broken(number, problem, for_people(repr(event).encode()))
