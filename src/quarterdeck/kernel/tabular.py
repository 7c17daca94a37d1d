"""Tables as text: CSV (RFC 4180) that a spreadsheet opens without running it, and JSON lines."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from typing import Any, TypeVar

import msgspec

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


def lines(columns: Columns[Row], rows: Sequence[Row]) -> bytes:
    """``rows`` as lines of CSV, each ended by CRLF; UTF-8.

    A text that would be a formula is led in by an apostrophe. None is an empty cell;
    a moment is RFC 3339, a mapping or list JSON.
    """
    cells = [_cells(list(map(read, rows))) for read in columns.values()]
    return _lines(zip(*cells, strict=True))


def json_lines(columns: Columns[Row], rows: Iterable[Row]) -> bytes:
    """``rows`` as JSON objects, one a line."""
    return b"".join(json_object(columns, row) + b"\n" for row in rows)


def json_object(columns: Columns[Row], row: Row) -> bytes:
    """A row as one JSON object; decimals as text, so that no digit is lost."""
    return _JSON.encode({name: _plain(read(row)) for name, read in columns.items()})


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(errors="replace")


def _cells(values: Sequence[Any]) -> Iterable[object]:
    """A column's cells. A million rows have thirteen columns, most of them of one kind each."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return [f"'{text}" if text.startswith(FORMULA) else text for text in values]
    if kinds == {datetime}:  # a few listings' moments, again and again
        written = {moment: rfc3339(moment) for moment in set(values)}
        return [written[moment] for moment in values]
    return values if kinds == {type(None)} else map(_cell, values)


def _cell(value: Any) -> object:  # noqa: ANN401  of any type
    return _cell_writer(type(value))(value)  # type: ignore[arg-type]  # each type has a hash


def _plain(value: Any) -> object:  # noqa: ANN401  of any type
    return _plain_writer(type(value))(value)  # type: ignore[arg-type]  # each type has a hash


@cache
def _cell_writer(kind: type[Any]) -> Callable[[Any], object]:
    if issubclass(kind, Enum):
        return lambda value: _cell(value.value)
    if issubclass(kind, bool):
        return lambda value: "true" if value else "false"
    if issubclass(kind, Mapping | tuple | frozenset | list):
        return lambda value: _JSON.encode(_plain(value)).decode()
    return _unarmed if issubclass(kind, str) else _plain_writer(kind)  # type: ignore[arg-type]  # the same


@cache
def _plain_writer(kind: type[Any]) -> Callable[[Any], object]:
    written = (write for base, write in _WRITTEN.items() if issubclass(kind, base))
    return next(written, _as_it_is)


def _unarmed(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _as_it_is(value: object) -> object:
    return value


_JSON = msgspec.json.Encoder()

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
