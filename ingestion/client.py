"""Sends canonical events to the ingestion API, as `footfall import` and `footfall simulate` do.

Event ids make a second sending harmless, so whatever may have failed is sent again.

    with EventSender(url, write_key) as sender:
        verdicts = sender.send([{"category": "user", "event_type": "login", "user_id": "u-17"}])
"""

from __future__ import annotations

import contextlib
import email.utils
import gzip
import itertools
import random
import time
from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self, TypeVar

import httpx
import msgspec

from ingestion.verdict import Reason, Verdict
from warehouse.errors import OperatorError
from warehouse.hosts import is_loopback

REFUSED = "refused"  # our own status: the server takes no request that holds this event

Tag = TypeVar("Tag")
EventDict = Mapping[str, Any]

_PATH = "/v1/events"
_BATCH_EVENTS = 1_000
_TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_TIMEOUT = httpx.Timeout(60, connect=5)
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_COMPRESSION_LEVEL = 1  # the network of one machine is faster than a better compression


class _Results(msgspec.Struct):
    results: list[Verdict]


_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(_Results)


class IngestionAwayError(OperatorError):
    """The ingestion API does not answer, or cannot store anything just now."""


class KeyRefusedError(OperatorError):
    """The ingestion API does not know the write key."""


class RequestRefusedError(OperatorError):
    """The ingestion API refused a request for a reason that trying again does not mend."""


class EventSender:
    """A connection to the ingestion API. Close it, or use it in a ``with`` block.

    Attributes:
        url: Base URL of the ingestion API.
    """

    def __init__(
        self,
        url: str,
        write_key: str,
        *,
        in_flight: int = 4,
        patience_seconds: float = 60,
        compress: bool = True,
    ) -> None:
        """Make a sender; nothing is sent yet.

        Args:
            url: Base URL of the ingestion API.
            write_key: Write key; the source of the events is the key's.
            in_flight: Most requests that :meth:`send_many` has under way at once.
            patience_seconds: How long a batch is sent again and again before it fails.
            compress: Whether requests are compressed with gzip.
        """
        self.url = url.rstrip("/")
        self._in_flight = in_flight
        self._patience = patience_seconds
        self._compress = compress
        self._workers = ThreadPoolExecutor(in_flight, thread_name_prefix="send-events")
        headers = {"authorization": f"Bearer {write_key}", "content-type": "application/json"}
        if compress:
            headers["content-encoding"] = "gzip"
        try:
            self._http = httpx.Client(
                base_url=self.url,
                headers=headers,
                timeout=_TIMEOUT,
                limits=httpx.Limits(max_connections=in_flight),
                trust_env=not is_loopback(
                    httpx.URL(self.url).host
                ),  # a proxy leads to another machine
            )
        except httpx.InvalidURL as error:
            raise IngestionAwayError(f"{url!r} is no address of ingestion: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for requests that are under way, and close the connections."""
        self._workers.shutdown(cancel_futures=True)
        self._http.close()

    def check(self) -> None:
        """Make sure that the API answers and takes the key, without sending an event.

        Raises:
            IngestionAwayError: It does not answer.
            KeyRefusedError: It does not know the key.
            RequestRefusedError: What answers is no ingestion API.
        """
        try:
            response = self._post(b"[]")
        except httpx.TransportError as error:
            raise self._away(error) from error
        if response.status_code in _TRY_AGAIN:
            raise self._away(_explain(response))
        self._read(response)

    def send(self, events: Sequence[EventDict]) -> list[Verdict]:
        """Send one batch, again and again until it is answered.

        Args:
            events: Canonical events. Give each an ``event_id``: without one, an event that had to
                be sent twice is two events.

        Returns:
            A verdict for each event, in order. The status of an event that is too large for any
            request is :data:`REFUSED`.

        Raises:
            IngestionAwayError: There was no answer within the sender's patience.
            KeyRefusedError: The key is unknown.
            RequestRefusedError: The API does not take such a request.
        """
        if not events:
            return []
        response = self._deliver(_encoder.encode(events))
        if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            if len(events) == 1:
                return [Verdict(None, REFUSED, Reason("too_large", None, _explain(response)))]
            middle = len(events) // 2
            return [*self.send(events[:middle]), *self.send(events[middle:])]
        verdicts = self._read(response)
        if len(verdicts) != len(events):
            raise RequestRefusedError(
                f"{self.url} answered {len(verdicts)} verdicts for {len(events)} events: is it "
                "an ingestion API of this version?"
            )
        return verdicts

    def send_many(
        self, batches: Iterable[tuple[Tag, Sequence[EventDict]]]
    ) -> Generator[tuple[Tag, list[Verdict]]]:
        """Send batches, several at once, and yield their verdicts in the order of the batches.

        A batch is taken from ``batches`` only when a request is free, so that memory stays bounded.
        Where the caller stops early, what is under way is finished and nothing else begun.

        Args:
            batches: Pairs of anything that the caller wants back, and the events.

        Yields:
            What the caller gave, and the verdicts, as :meth:`send` returns them.

        Raises:
            OperatorError: As :meth:`send` does; the batches yielded before are acknowledged.
        """
        under_way: deque[tuple[Tag, Future[list[Verdict]]]] = deque()
        source = iter(batches)
        try:
            while True:
                room = self._in_flight - len(under_way)
                for tag, events in itertools.islice(source, room):
                    under_way.append((tag, self._workers.submit(self.send, events)))
                if not under_way:
                    return
                tag, future = under_way[0]
                verdicts = future.result()
                under_way.popleft()
                yield tag, verdicts
        finally:
            for _, future in under_way:
                if not future.cancel():
                    with contextlib.suppress(OperatorError):
                        future.result()

    def send_all(self, events: Iterable[EventDict]) -> Generator[Verdict]:
        """Send any number of events, and yield their verdicts in order.

        Args:
            events: As :meth:`send` takes them; taken as they can be sent.

        Yields:
            A verdict for each event.

        Raises:
            OperatorError: As :meth:`send` does; the events yielded before are acknowledged.
        """
        source = iter(events)
        batches = iter(lambda: list(itertools.islice(source, _BATCH_EVENTS)), [])
        with contextlib.closing(self.send_many((None, batch) for batch in batches)) as answered:
            for _, verdicts in answered:
                yield from verdicts

    def _deliver(self, body: bytes) -> httpx.Response:
        """Post until there is an answer that trying again would not change."""
        if self._compress:
            body = gzip.compress(body, _COMPRESSION_LEVEL)
        deadline = time.monotonic() + self._patience
        pause = _FIRST_PAUSE_SECONDS
        while True:
            problem: httpx.TransportError | str
            wanted: float | None = None
            try:
                response = self._post(body, encoded=True)
            except httpx.TransportError as error:
                problem = error
            else:
                if response.status_code not in _TRY_AGAIN:
                    return response
                problem = _explain(response)
                wanted = _retry_after(response)
            # half of it random, so that many senders do not come back at the same moment
            wait = pause * random.uniform(0.5, 1) if wanted is None else wanted  # noqa: S311
            if time.monotonic() + wait > deadline:
                raise self._away(problem)
            time.sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _post(self, body: bytes, *, encoded: bool = False) -> httpx.Response:
        if self._compress and not encoded:
            body = gzip.compress(body, _COMPRESSION_LEVEL)
        return self._http.post(_PATH, content=body)

    def _read(self, response: httpx.Response) -> list[Verdict]:
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise KeyRefusedError(
                f"{self.url} refuses the write key: set FOOTFALL_WRITE_KEY to the one in the "
                "footfall.env of that installation"
            )
        if response.status_code != httpx.codes.OK:
            raise RequestRefusedError(f"{self.url}{_PATH} refused: {_explain(response)}")
        try:
            return _decoder.decode(response.content).results
        except msgspec.DecodeError as error:
            raise RequestRefusedError(
                f"{self.url} is no ingestion API: its answer to POST {_PATH} holds no verdicts"
            ) from error

    def _away(self, problem: httpx.TransportError | str) -> IngestionAwayError:
        what = problem if isinstance(problem, str) else str(problem) or type(problem).__name__
        return IngestionAwayError(
            f"ingestion at {self.url} does not take events: {what}. Start it with `make up`, or "
            "set FOOTFALL_INGESTION_URL to where it is"
        )


def _explain(response: httpx.Response) -> str:
    """Return an answer's status with the message in its body, where it has one."""
    try:
        error = response.json()["error"]
        message = str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        message = response.reason_phrase
    return f"status {response.status_code}, {message}"


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that the server asks to wait; None where it does not say."""
    given: str = response.headers.get("retry-after", "").strip()
    if given.isdigit():
        return float(given)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except ValueError:
        return None
