"""Tables as text: CSV (RFC 4180) that a spreadsheet opens without running it, and JSON lines."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, TypeVar

from quarterdeck.kernel.clock import rfc3339

Row = TypeVar("Row")

Columns = Mapping[str, Callable[[Row], object]]
"""The columns of a table in their order: each one's name, and its cell of a row."""

# With these a spreadsheet begins a formula (OWASP, "CSV Injection"). Numbers are no text
# here, so that a negative amount stays a number.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}")


class Format(StrEnum):
    """How a file is written; the ending of its name."""

    CSV = "csv"
    NDJSON = "ndjson"
    JSON = "json"


def written(form: Format, columns: Columns[Row], pages: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """A file of these rows, piece by piece: one page is held at a time."""
    match form:
        case Format.CSV:
            yield header(columns)
            for page in pages:
                yield lines(columns, page)
        case Format.NDJSON:
            for page in pages:
                yield json_lines(columns, page)
        case Format.JSON:
            yield from _json(columns, pages)


def _json(columns: Columns[Row], pages: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    lead = b"["
    for page in pages:
        yield lead + b",\n".join(json_object(columns, row) for row in page)
        lead = b",\n"
    yield b"]\n" if lead == b",\n" else b"[]\n"


def header(columns: Iterable[str]) -> bytes:
    """The first line of a CSV."""
    return _lines([list(columns)])


def lines(columns: Columns[Row], rows: Iterable[Row]) -> bytes:
    """``rows`` as lines of CSV, each ended by CRLF; UTF-8.

    A text that would be a formula is led in by an apostrophe. None is an empty cell;
    a moment is RFC 3339, a mapping or list JSON.
    """
    return _lines([_cell(read(row)) for read in columns.values()] for row in rows)


def json_lines(columns: Columns[Row], rows: Iterable[Row]) -> bytes:
    """``rows`` as JSON objects, one a line."""
    return b"".join(json_object(columns, row) + b"\n" for row in rows)


def json_object(columns: Columns[Row], row: Row) -> bytes:
    """A row as one JSON object; decimals as text, so that no digit is lost."""
    fields = {name: _plain(read(row)) for name, read in columns.items()}
    return json.dumps(fields, ensure_ascii=False).encode()


def _lines(rows: Iterable[list[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(errors="replace")


def _cell(value: object) -> object:
    plain = _plain(value)
    if isinstance(value, Decimal):
        return plain
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, dict | list):
        plain = json.dumps(plain, ensure_ascii=False)
    if isinstance(plain, str) and plain.startswith(FORMULA):
        return f"'{plain}"
    return plain


def _plain(value: object) -> object:
    for kind, write in _WRITTEN.items():
        if isinstance(value, kind):
            return write(value)
    return value


# A datetime is a date too: it stands first.
_WRITTEN: dict[type, Callable[[Any], object]] = {
    datetime: rfc3339,
    date: date.isoformat,
    Decimal: lambda value: f"{value:f}",
    Enum: lambda value: value.value,
    Mapping: dict,
    tuple: list,
    frozenset: sorted,
}
