"""The spool as a directory: what was appended comes back whole and in order, or is reported."""

from __future__ import annotations

import datetime as dt
import logging
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.event import Event, new_id
from ingestion.frames import frame
from ingestion.items import Rejected, Suppressed
from ingestion.record import decode, encode
from ingestion.sender import Sender
from ingestion.spool import Spool, SpoolFullError
from ingestion.verdict import Reason
from tests.servers import PROJECT
from warehouse.errors import OperatorError

ROOM = 1_000_000


@contextmanager
def opened(directory: Path, max_bytes: int = ROOM) -> Iterator[Spool]:
    """Open a spool of very small segments for the duration of the block."""
    spool = Spool(directory, max_bytes, segment_bytes=200)
    try:
        yield spool
    finally:
        spool.close()


def take(spool: Spool, most: int = 1_000) -> list[bytes | None]:
    """Read and confirm records, oldest first."""
    taken: list[bytes | None] = []
    while len(taken) < most and (entries := spool.read()):
        for entry in entries[: most - len(taken)]:
            spool.confirm(entry)
            taken.append(entry.payload)
    return taken


def segments(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.segment"))


def flip(path: Path, offset: int) -> None:
    """Change a byte of a file."""
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.binary(max_size=120)),
        st.tuples(st.just("take"), st.integers(1, 5)),
        st.tuples(st.just("reopen"), st.just(0)),
        st.tuples(st.just("tear"), st.integers(1, 40)),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_is_appended_comes_back_whole_and_in_order(
    steps: list[tuple[str, bytes | int]],
) -> None:
    appended: list[bytes] = []
    taken: list[bytes | None] = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        spool = Spool(directory, ROOM, segment_bytes=200)
        for step, argument in steps:
            if isinstance(argument, bytes):
                spool.append(argument, 1)
                appended.append(argument)
            elif step == "take":
                taken += take(spool, argument)
            else:
                spool.close()
                if step == "tear" and (files := segments(directory)):
                    with files[-1].open("ab") as file:
                        file.write(frame(b"never acknowledged" * 2, 1)[:argument])
                spool = Spool(directory, ROOM, segment_bytes=200)
            assert spool.waiting_events == len(appended) - len(taken)
            assert (spool.waiting_bytes == 0) == (len(appended) == len(taken))
        taken += take(spool)
        assert taken == appended
        assert (spool.waiting_bytes, spool.waiting_events, spool.damaged) == (0, 0, 0)
        assert segments(directory) == []
        spool.close()


def test_a_record_keeps_every_type_and_digit() -> None:
    event = Event(
        new_id(), "v", "s", "product", "purchase", "u", None, "ü\u2028", None, "7",
        Decimal("123456789012.1234567890"), "EUR", Decimal("1E+3"),
        dt.datetime(1990, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC), False, '{"a": 1.10}', "{}",
    )  # fmt: skip
    sender = Sender("key", "s", frozenset({"ingest", "reader"}), "u", frozenset({"user"}))
    rejected = Rejected(
        "s", None, None, None, Reason("c", None, "m"), bytes(range(256)), sender=sender
    )
    suppressed = Suppressed("s", Reason("no_consent", None, "m"))
    received_at = dt.datetime(2026, 11, 25, 12, 0, 0, 999_999, tzinfo=dt.UTC)
    record = decode(encode([suppressed, event, rejected], received_at))
    assert record.received_at == received_at
    assert record.items == [event, rejected, suppressed]
    assert [str(record.events[0].value), str(record.events[0].quantity)] == [
        "123456789012.1234567890",
        "1E+3",
    ]


def test_what_was_read_and_not_confirmed_is_there_again(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        for payload in (b"one", b"two", b"three"):
            spool.append(payload, 1)
        assert [entry.payload for entry in spool.read()] == [b"one", b"two", b"three"]
        spool.confirm(spool.read()[0])
    with opened(tmp_path) as spool:
        assert (spool.waiting_events, take(spool)) == (2, [b"two", b"three"])


def test_without_its_position_a_segment_is_read_from_its_beginning(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        spool.append(b"one", 1)
        spool.append(b"two", 1)
        take(spool, 1)
    flip(tmp_path / "position", 3)
    with opened(tmp_path) as spool:
        assert take(spool) == [b"one", b"two"]


def test_a_torn_end_is_cut_off_and_nobody_need_look(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path) as spool:
        spool.append(b"whole", 1)
    (segment,) = segments(tmp_path)
    size = segment.stat().st_size
    with segment.open("ab") as file:
        file.write(frame(b"torn", 1)[:-1])
    with opened(tmp_path) as spool:
        assert segment.stat().st_size == size
        assert (take(spool), spool.damaged) == ([b"whole"], 0)
    assert "never acknowledged" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("offset", [0, 5, 30], ids=["marker", "length", "payload"])
def test_a_damaged_record_is_set_aside_and_reported_and_costs_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, offset: int
) -> None:
    payloads = [b"%d" % number * 30 for number in range(3)]
    with opened(tmp_path) as spool:
        for payload in payloads:
            spool.append(payload, 1)
    (segment,) = segments(tmp_path)
    size = len(frame(payloads[0], 1))
    flip(segment, size + offset)
    damaged = segment.read_bytes()[size : 2 * size]
    with opened(tmp_path) as spool:
        assert take(spool) == [payloads[0], None, payloads[2]]
        assert (spool.damaged, spool.waiting_bytes) == (1, 0)
    (kept,) = (tmp_path / "damaged").iterdir()
    assert kept.read_bytes() == damaged
    assert f"damaged/{kept.name}" in caplog.text
    with opened(tmp_path) as spool:
        assert spool.damaged == 1  # until somebody has looked and removed it


def test_the_last_record_is_reported_too_where_the_disk_has_changed_it(tmp_path: Path) -> None:
    with opened(tmp_path) as spool:
        spool.append(b"acknowledged", 1)
    flip(segments(tmp_path)[0], 30)
    with opened(tmp_path) as spool:
        assert (take(spool), spool.damaged) == ([None], 1)


def test_a_full_spool_takes_nothing_until_something_has_landed(tmp_path: Path) -> None:
    size = len(frame(b"x" * 50, 1))
    with opened(tmp_path, max_bytes=3 * size) as spool:
        for _ in range(3):
            spool.append(b"x" * 50, 1)
        assert not spool.has_room
        with pytest.raises(SpoolFullError):
            spool.append(b"y", 1)
        take(spool, 1)
        spool.append(b"y" * 50, 1)
        assert take(spool) == [b"x" * 50, b"x" * 50, b"y" * 50]


def test_a_full_disk_leaves_no_part_of_a_record_behind(tmp_path: Path) -> None:
    """A limit on the size of files fails a write as a full disk does: after a part of it."""
    with opened(tmp_path) as spool:
        spool.append(b"before", 1)
        (segment,) = segments(tmp_path)
        size = segment.stat().st_size
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, hard))
        try:
            with pytest.raises(SpoolFullError):
                spool.append(b"x" * 100, 1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert segment.stat().st_size == size
        assert not spool.has_room
        spool.append(b"after", 1)
        assert take(spool) == [b"before", b"after"]


def test_a_spool_belongs_to_one_process(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(OperatorError, match="FOOTFALL_SPOOL_DIR"):
        Spool(tmp_path, ROOM)
    with opened(tmp_path):
        pass


def test_ingestion_does_not_start_on_the_spool_of_another(tmp_path: Path) -> None:
    with opened(tmp_path / "spool"):
        ended = subprocess.run(
            [sys.executable, "-m", "ingestion"],
            cwd=PROJECT,
            env={
                "FOOTFALL_INGEST_DSN": "postgresql://x",
                "FOOTFALL_PRIVACY_SECRET": "x",
                "FOOTFALL_SPOOL_DIR": str(tmp_path / "spool"),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert "belongs to another ingestion" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_spool_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="FOOTFALL_SPOOL_MAX_BYTES=0"):
        Spool(tmp_path / "file" / "spool", ROOM)


def test_nobody_else_can_read_the_spool(tmp_path: Path) -> None:
    directory = tmp_path / "spool"
    directory.mkdir(mode=0o755)
    with opened(directory) as spool:
        spool.append(b"private", 1)
        flip(segments(directory)[0], 0)
        take(spool)
        spool.append(b"private", 1)
    assert directory.stat().st_mode & 0o777 == 0o700
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert len(files) == 4


def test_a_spool_of_a_later_version_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later, opened(tmp_path) as spool:
        later.setattr("ingestion.frames.VERSION", 2)
        spool.append(b"of the future", 1)
    with pytest.raises(OperatorError, match="later version"):
        Spool(tmp_path, ROOM)
