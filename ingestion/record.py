"""What was received at one moment, as bytes that can wait on disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from ingestion.event import Event
from ingestion.items import Item, Rejected, Suppressed


class Record(msgspec.Struct):
    """What was received at one moment, and waits.

    Attributes:
        received_at: When.
        events: Events to be stored.
        rejected: Events to be put into quarantine.
        suppressed: Events of which nothing is kept but that there was one.
    """

    received_at: dt.datetime
    events: list[Event]
    rejected: list[Rejected]
    suppressed: list[Suppressed]

    @property
    def items(self) -> list[Item]:
        """What was received; events are in the order of their receipt."""
        return [*self.events, *self.rejected, *self.suppressed]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


def encode(items: Sequence[Item], received_at: dt.datetime) -> bytes:
    """Return what was received as bytes.

    Args:
        items: What was received.
        received_at: When.

    Raises:
        UnicodeError: It holds text that is none.
    """
    return _encoder.encode(
        Record(
            received_at,
            [item for item in items if isinstance(item, Event)],
            [item for item in items if isinstance(item, Rejected)],
            [item for item in items if isinstance(item, Suppressed)],
        )
    )


def decode(payload: bytes) -> Record:
    """Return what bytes say.

    Raises:
        msgspec.MsgspecError: They are no record that this version knows.
    """
    return _decoder.decode(payload)
