"""Compiles the mapping's values and conditions into functions over whole columns."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import msgspec

from ingestion.importer.rows import Column, Table
from ingestion.importer.schema import PLACEHOLDER, Condition, Expression, Scalar, Test, Value

Compute = Callable[[Table], Column]
Check = Callable[[object], bool]

_DISTINCT_CELLS = 16_384
_HASH_BYTES = 16
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})


def compile_value(value: Value, options: Mapping[str, Scalar], salt: bytes) -> Compute:
    """Return a function from a table to the values of its rows, None where there is none.

    Args:
        value: As the mapping says it.
        options: Value of each of the mapping's options.
        salt: Secret key of hashes.
    """
    if isinstance(value, str):
        return _column(value)
    source = _compile_source(value, options, salt)
    convert = _converter(value)
    if convert is None:
        return source
    return lambda table: [None if cell is None else convert(cell) for cell in source(table)]


def compile_condition(condition: Condition) -> Check:
    """Return a function from a cell to whether the condition holds."""
    tests = condition if isinstance(condition, list) else [condition]
    values = frozenset(_text(test) for test in tests if not isinstance(test, Test))
    checks = [_compile_test(test) for test in tests if isinstance(test, Test)]

    @lru_cache(_DISTINCT_CELLS)
    def check(cell: Scalar) -> bool:
        return (cell is not None and _text(cell) in values) or any(one(cell) for one in checks)

    def check_any(cell: object) -> bool:
        return check(cell if isinstance(cell, Scalar) else str(cell))

    return check_any


def read_number(cell: object) -> object:
    """Return the number that a text says; the text itself where it says none."""
    if not isinstance(cell, str):
        return cell
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if number - number == 0 else cell  # neither infinite nor not-a-number


def read_integer(cell: object) -> object:
    """Return the integer that a text or a number says; itself where it says none."""
    if isinstance(cell, str):
        try:
            return int(cell)
        except ValueError:
            return cell
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell


def read_boolean(cell: object) -> object:
    """Return the truth value that a text says; the text itself where it says none."""
    word = str(cell).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else cell


_READERS: Mapping[str, Callable[[object], object]] = {
    "number": read_number,
    "integer": read_integer,
    "boolean": read_boolean,
}


def _column(name: str) -> Compute:
    return lambda table: table.column(name)


def _compile_source(value: Expression, options: Mapping[str, Scalar], salt: bytes) -> Compute:
    if value.column is not None:
        return _column(value.column)
    if value.template is not None:
        return _template(value.template)
    if value.hash is not None:
        return _hash(value.hash, salt)
    constant = options[value.option] if value.option is not None else value.constant
    return lambda table: [constant] * len(table.positions)


def _converter(value: Expression) -> Callable[[object], object] | None:
    read = _READERS.get(value.as_type)
    replacements = value.map
    if not replacements:
        return read

    def convert(cell: object) -> object:
        text = _text(cell)
        if text in replacements:
            return replacements[text]
        return read(cell) if read else cell

    return convert


def _template(template: str) -> Compute:
    pieces = PLACEHOLDER.split(template)
    names = pieces[1::2]
    form = "%s".join(piece.replace("%", "%%") for piece in pieces[::2])

    def compute(table: Table) -> list[object]:
        return [
            None if None in cells else form % cells
            for cells in zip(*(table.column(name) for name in names), strict=True)
        ]

    return compute


def _hash(names: Sequence[str], salt: bytes) -> Compute:
    @lru_cache(_DISTINCT_CELLS)
    def digest(cells: tuple[object, ...]) -> str:
        message = msgspec.json.encode([None if cell is None else str(cell) for cell in cells])
        return hmac.new(salt, message, hashlib.sha256).digest()[:_HASH_BYTES].hex()

    def compute(table: Table) -> list[object]:
        columns = [table.column(name) for name in names]
        return [
            None if all(cell is None for cell in cells) else digest(cells)
            for cells in zip(*columns, strict=True)
        ]

    return compute


def _compile_test(test: Test) -> Check:
    found = re.compile(test.matches).search if test.matches is not None else None
    unwanted = re.compile(test.not_matches).search if test.not_matches is not None else None
    is_ranged = test.at_least is not None or test.at_most is not None

    def check(cell: object) -> bool:
        if test.missing is not None:
            return (cell is None) == test.missing
        if cell is None:
            return False
        text = _text(cell)
        if (found and not found(text)) or (unwanted and unwanted(text)):
            return False
        if not is_ranged:
            return True
        number = read_number(cell)
        return (
            isinstance(number, int | float)
            and (test.at_least is None or number >= test.at_least)
            and (test.at_most is None or number <= test.at_most)
        )

    return check


def _text(cell: object) -> str:
    """Return a cell as YAML and CSV would write it."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)
