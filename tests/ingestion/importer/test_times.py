from __future__ import annotations

import datetime as dt

import pytest

from ingestion.importer.schema import TimeSpec
from ingestion.importer.times import compile_time


def read(cell: object, form: str = "iso", zone: str = "UTC") -> dt.datetime | None:
    (text,) = compile_time(TimeSpec("t", form, zone))([cell])
    return None if text is None else dt.datetime.fromisoformat(text)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("cell", "form", "zone", "expected"),
    [
        ("2024-03-01T12:00:00Z", "iso", "Europe/Berlin", utc(2024, 3, 1, 12)),
        ("2024-03-01 12:00:00.25", "iso", "UTC", utc(2024, 3, 1, 12, 0, 0, 250_000)),
        ("2024-07-01 12:00", "iso", "Europe/Berlin", utc(2024, 7, 1, 10)),
        (1_709_294_400, "iso", "UTC", utc(2024, 3, 1, 12)),
        ("1709294400.5", "epoch_s", "UTC", utc(2024, 3, 1, 12, 0, 0, 500_000)),
        (1_709_294_400_123, "epoch_ms", "UTC", utc(2024, 3, 1, 12, 0, 0, 123_000)),
        ("1709294400000001", "epoch_us", "UTC", utc(2024, 3, 1, 12, 0, 0, 1)),
        ("01.07.2024 12:00", "%d.%m.%Y %H:%M", "Europe/Berlin", utc(2024, 7, 1, 10)),
        ("18/May/2015:10:05:03 +0200", "%d/%b/%Y:%H:%M:%S %z", "UTC", utc(2015, 5, 18, 8, 5, 3)),
        # the hour that a clock shows twice is its first, the one that it never shows the next
        ("27.10.2024 02:30", "%d.%m.%Y %H:%M", "Europe/Berlin", utc(2024, 10, 27, 0, 30)),
        ("31.03.2024 02:30", "%d.%m.%Y %H:%M", "Europe/Berlin", utc(2024, 3, 31, 1, 0)),
        (dt.datetime(2024, 3, 1, 12), "%Y", "Europe/Berlin", utc(2024, 3, 1, 11)),  # noqa: DTZ001
        (dt.date(2024, 3, 1), "iso", "UTC", utc(2024, 3, 1)),
    ],
)
def test_a_time_is_read_in_its_format_and_zone(
    cell: object, form: str, zone: str, expected: dt.datetime
) -> None:
    assert read(cell, form, zone) == expected


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        (None, "iso"),
        ("yesterday", "iso"),
        ("x", "epoch_s"),
        ("9" * 30, "epoch_s"),
        ("2024-03-01", "%d.%m.%Y"),
        (None, "%d.%m.%Y"),
    ],
)
def test_what_is_no_time_is_none(cell: object, form: str) -> None:
    assert read(cell, form) is None
