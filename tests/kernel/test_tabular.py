import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.kernel import tabular

BOTH = {"a": itemgetter(0), "b": itemgetter(1)}
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def parsed(written: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written.decode(), newline="")))


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_a_table_is_read_as_it_was_written_but_for_formulas(rows: list[tuple[str, str]]) -> None:
    found = parsed(tabular.lines(BOTH, rows))
    assert len(found) == len(rows)
    for cells, row in zip(found, rows, strict=True):
        for cell, text in zip(cells, row, strict=True):
            assert cell == (f"'{text}" if text.startswith(tabular.FORMULA) else text)


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_json_lines_hold_every_text_as_it_is(rows: list[tuple[str, str]]) -> None:
    found = [json.loads(line) for line in tabular.json_lines(BOTH, rows).splitlines()]
    assert found == [{"a": a, "b": b} for a, b in rows]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"])
def test_a_text_that_a_spreadsheet_would_run_is_led_in(text: str) -> None:
    [[cell, _]] = parsed(tabular.lines(BOTH, [(text, "")]))
    assert cell == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (Decimal("-12.50"), "-12.50"),
        (Decimal("1E+2"), "100"),
        (-3, "-3"),
        (True, "true"),
        (date(2026, 2, 1), "2026-02-01"),
        (datetime(2026, 2, 1, 3, 4, 5, tzinfo=UTC), "2026-02-01T03:04:05Z"),
        ({"env": "prod"}, '{"env":"prod"}'),
        (["=1"], '["=1"]'),
    ],
)
def test_a_cell_is_what_its_value_means(value: object, cell: str) -> None:
    [[found]] = parsed(tabular.lines({"a": itemgetter(0)}, [(value,)]))
    assert found == cell


def test_the_header_is_the_names_of_the_columns() -> None:
    assert tabular.header(BOTH) == b"a,b\r\n"
