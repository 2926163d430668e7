from __future__ import annotations

import datetime as dt
import gzip
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.importer.readers import open_reader
from ingestion.importer.readers.text import LONGEST_ROW
from ingestion.importer.rows import Broken, Column, UnreadableFileError
from ingestion.importer.schema import CsvSpec, Format, ImportMapping, Rule, TimeSpec

REQUEST = '10.0.0.1 - - [18/May/2015:10:05:03 +0000] "GET {} HTTP/1.1" 200 12 "-" "curl/8.0"'


def mapping(**changes: object) -> ImportMapping:
    sound = ImportMapping("A test.", TimeSpec("when"), [Rule("user/click")])
    return msgspec.structs.replace(sound, **changes)


def read(
    path: Path, file_format: Format, spec: ImportMapping | None = None
) -> tuple[dict[str, Column], list[Broken]]:
    """Return a small file's cells and broken rows."""
    reader = open_reader(path, file_format, spec)
    (records,) = reader.records()
    table = reader.parse(records)
    return table.columns, table.broken


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "file"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_combined_line_is_taken_apart(tmp_path: Path) -> None:
    line = (
        '203.0.113.7 - ann [18/May/2015:10:05:03 +0200] "get /a/b?x=1&utm_source=mail HTTP/1.1" '
        '304 - "http://site.example/" "Mozilla/5.0 (Windows NT 6.1; rv:27.0) Gecko/20100101 '
        'Firefox/27.0"'
    )
    columns, broken = read(write(tmp_path, line), "combined", mapping(missing=["-"]))
    cells = {name: cells[0] for name, cells in columns.items() if cells[0] is not None}
    assert not broken
    assert cells == {
        "ip": "203.0.113.7",
        "user": "ann",
        "time": "18/May/2015:10:05:03 +0200",
        "method": "GET",
        "path": "/a/b",
        "query": "x=1&utm_source=mail",
        "protocol": "HTTP/1.1",
        "utm_source": "mail",
        "status": "304",
        "referrer": "http://site.example/",
        "user_agent": "Mozilla/5.0 (Windows NT 6.1; rv:27.0) Gecko/20100101 Firefox/27.0",
        "device": "desktop",
        "browser": "Firefox",
        "os": "Windows",
    }


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (REQUEST.format("/x#top"), "/x"),
        (REQUEST.format("http://site.example/y?z"), "/y"),
        (REQUEST.format("/cut").removesuffix('"'), "/cut"),
        (REQUEST.format("/longer") + ' "extra" 0.012', "/longer"),
        (REQUEST.format("/common").partition(' "-"')[0], "/common"),
        (REQUEST.format(r"/quo\"ted"), r"/quo\"ted"),
        (REQUEST.replace("GET {} HTTP/1.1", r"\x16\x03\x01"), "(no request)"),
        (REQUEST.replace("GET {} HTTP/1.1", "-"), "(no request)"),
    ],
)
def test_lines_off_the_main_road_of_the_combined_format_are_read(
    tmp_path: Path, line: str, path: str
) -> None:
    columns, broken = read(write(tmp_path, line), "combined")
    assert not broken
    assert columns["path"] == [path]


def test_a_broken_log_line_is_reported_with_its_number_and_text(tmp_path: Path) -> None:
    good = REQUEST.format("/")
    columns, broken = read(write(tmp_path, f"{good}\n\nnot a request\xff\n{good}\n"), "combined")
    assert len(columns["path"]) == 2
    assert broken == [Broken(3, "not a line of the combined log format", "not a request\xff")]


def test_a_csv_cell_may_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    text = 'a,b\r\n"x, ""y""","1\n\n2"\r\n,3\r\n'
    columns, broken = read(write(tmp_path, text), "csv")
    assert not broken
    assert columns == {"a": ['x, "y"', None], "b": ["1\n\n2", "3"]}


def test_a_csv_row_with_cells_too_few_or_too_many_is_broken(tmp_path: Path) -> None:
    columns, broken = read(write(tmp_path, 'a,b\n1\n1,2\n1,2,3\n"1",\n'), "csv")
    assert columns["a"] == ["1", "1"]
    assert [(row.number, row.problem) for row in broken] == [
        (2, "1 cells where the header has 2"),
        (4, "3 cells where the header has 2"),
    ]


def test_a_quote_that_is_never_closed_breaks_its_own_line_only(tmp_path: Path) -> None:
    columns, broken = read(write(tmp_path, 'a,b\n1,"open\n2,x\n3,"y\nz"\n5"6,w\n'), "csv")
    # the open quote of line 2 meets the one that opens in line 4, and what follows is no cell
    assert [row.number for row in broken] == [2]
    assert columns == {"a": ["2", "3", '5"6'], "b": ["x", "y\nz", "w"]}


def test_a_csv_file_may_have_another_delimiter_and_encoding_and_no_header(tmp_path: Path) -> None:
    spec = mapping(columns=["a", "b"], csv=CsvSpec(delimiter=";", encoding="latin-1", header=False))
    columns, broken = read(write(tmp_path, "Grüße;1,5\n".encode("latin-1")), "csv", spec)
    assert not broken
    assert columns == {"a": ["Grüße"], "b": ["1,5"]}


def test_a_csv_row_that_is_not_in_the_encoding_is_broken(tmp_path: Path) -> None:
    columns, broken = read(write(tmp_path, b"a,b\n\xe9,1\nx,2\n"), "csv")
    assert columns["b"] == ["2"]
    assert broken == [Broken(2, "not in utf-8: name its encoding in csv.encoding", "\\xe9,1")]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert open_reader(write(tmp_path, b"\xef\xbb\xbfa,b\n"), "csv").columns() == ["a", "b"]


@pytest.mark.parametrize("text", ["a,a\n", "a,\n", ""])
def test_a_header_without_a_name_for_each_column_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError):
        open_reader(write(tmp_path, text), "csv").columns()


def test_words_for_nothing_are_missing(tmp_path: Path) -> None:
    columns, _ = read(write(tmp_path, "a,b\nNULL,\n"), "csv", mapping(missing=["NULL"]))
    assert columns == {"a": [None], "b": [None]}


def test_json_lines_may_nest_and_differ(tmp_path: Path) -> None:
    text = '{"a": {"b": 1}}\n[1]\n{"c": "x", "a": null}\n{"a"\n'
    columns, broken = read(write(tmp_path, text), "jsonl")
    assert columns == {"a": [{"b": 1}, None], "a.b": [1, None], "c": [None, "x"]}
    assert [row.number for row in broken] == [2, 4]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    moment = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
    rows = [
        {"n": 1, "d": Decimal("1.50"), "t": moment, "f": float("nan"), "o": {"k": [1]}},
        {"n": None, "d": None, "t": None, "f": 0.5, "o": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "file")
    columns, broken = read(tmp_path / "file", "parquet")
    assert not broken
    assert columns == {
        "n": [1, None],
        "d": [Decimal("1.50"), None],
        "t": [moment, None],
        "f": [None, 0.5],
        "o": [{"k": [1]}, None],
    }


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_gzip_is_known_by_its_first_bytes_not_by_the_name(
    tmp_path: Path, file_format: Format
) -> None:
    path = write(tmp_path, "a,b\n1,2\n")
    if file_format == "parquet":
        pq.write_table(pa.table({"a": ["1"], "b": ["2"]}), path)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert read(path, file_format)[0] == {"a": ["1"], "b": ["2"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"a,b\n" * 9, mtime=0)[:-12], "is damaged or cut short"),
        (b"PK\x03\x04", "is a zip archive: unpack it first"),
        ("a,b\n".encode("utf-16"), "is text in UTF-16: convert it"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_remedy(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        list(open_reader(write(tmp_path, content), "csv").records())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file"):
        open_reader(tmp_path / "nothing", "csv").columns()


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="is no Parquet file"):
        open_reader(write(tmp_path, "a,b\n1,2\n"), "parquet").columns()


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n" + b"x" * (3 * LONGEST_ROW) + b"\n1,2\n")
    columns, broken = read(path, "csv")
    assert columns["a"] == ["1"]
    assert [(row.number, row.problem) for row in broken] == [
        (2, "longer than 1,000,000 bytes: is it the right format?")
    ]
