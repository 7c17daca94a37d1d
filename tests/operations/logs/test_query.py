"""Pipe queries: what they answer, and where they are refused."""

import math
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.operations.logs.model.answering import (
    answer,
    percentile,
    row_of,
    since_of,
    until_of,
)
from quarterdeck.operations.logs.model.entry import Asked, Entry, Level, UnusableQuestion, entry_of
from quarterdeck.operations.logs.model.parsing import parse

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
REQUESTS: list[dict[str, object]] = [
    {
        "timestamp": NOON - timedelta(minutes=n),
        "duration": float(n),
        "cloud_RoleName": role,
        "name": f"r{n}",
    }
    for n in range(90)
    for role in ("Ingestion", "Query")
]


def asked(query: str, rows: list[dict[str, object]] = REQUESTS) -> list[dict[str, object]]:
    return answer(parse(query), [dict(row) for row in rows], NOON)


@pytest.mark.census("PX-041")
def test_the_runbooks_query_is_of_the_last_hour_alone() -> None:
    query = "requests | where timestamp > ago(1h)"
    assert len(asked(query)) == 120
    assert since_of(parse(query), NOON) == NOON - timedelta(hours=1)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("where", "since", "until"),
    [
        ("timestamp > ago(3h) and timestamp >= ago(1h)", 1, None),
        ("timestamp >= ago(1h) | where timestamp > ago(3h)", 1, None),
        ("ago(2h) < timestamp", 2, None),
        ("timestamp < ago(2h)", None, 2),
        ("ago(2h) >= timestamp and timestamp > ago(3h)", 3, 2),
        ("timestamp > ago(2h) or timestamp > ago(5h)", 5, None),
        ("timestamp > ago(2h) or duration > 3", None, None),
        ("timestamp < ago(2h) or timestamp < ago(5h)", None, 2),
        ("duration > 3", None, None),
    ],
)
def test_bounds_of_time_are_found_wherever_they_stand(
    where: str, since: int | None, until: int | None
) -> None:
    query = parse(f"requests | where {where} | take 5 | where timestamp > ago(9h)")
    assert since_of(query, NOON) == (None if since is None else NOON - since * HOUR)
    assert until_of(query, NOON) == (None if until is None else NOON - until * HOUR)


@pytest.mark.census("ATP-219")
def test_percentiles_come_in_bins_of_five_minutes_by_role() -> None:
    rows = asked(
        "requests\n| where cloud_RoleName == 'Ingestion'\n| summarize P95=percentile(duration,95), "
        "P99=percentile(duration,99) by bin(timestamp,5m)"
    )
    assert rows[0].keys() == {"timestamp", "P95", "P99"}
    assert [row["timestamp"] for row in rows] == sorted(row["timestamp"] for row in rows)  # type: ignore[type-var]
    assert all(row["timestamp"].minute % 5 == 0 for row in rows)  # type: ignore[attr-defined]
    assert (rows[-1]["P95"], len(rows)) == (0.0, 19)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("requests | count", [{"Count": 180}]),
        ("requests | where duration >= 88 | summarize n=count() by cloud_RoleName",
         [{"cloud_RoleName": "Ingestion", "n": 2}, {"cloud_RoleName": "Query", "n": 2}]),
        ("requests | where name == 'r3' and cloud_RoleName == 'Query' | project d=duration * 2 + 1",
         [{"d": 7.0}]),
        ("requests | where not(duration > 0) or name startswith 'R88' | summarize dcount(name)",
         [{"dcount_name": 2}]),
        ("requests | where nothing > 3 | count", [{"Count": 0}]),
        ("requests | summarize count_=count(), avg(duration), max(duration), min(duration)",
         [{"count_": 180, "avg_duration": 44.5, "max_duration": 89.0, "min_duration": 0.0}]),
        ("requests | where duration > 1000 | summarize percentile(duration, 50)",
         [{"percentile_duration": None}]),
        ("requests | order by duration desc, name asc | take 1 | project name", [{"name": "r89"}]),
        ("requests | take 1 | extend x=iff(duration > 1, 'yes', 'no') | project x", [{"x": "no"}]),
        ("requests | where duration / 0 == 1 | count", [{"Count": 0}]),
    ],
)  # fmt: skip
def test_a_query_answers(query: str, found: list[dict[str, object]]) -> None:
    assert asked(query) == found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("moons", "at 1: expected a table"),
        ("requests | wher x", "at 12: expected a step"),
        ("requests | where", "at 17: expected a column"),
        ("requests where", "at 10: expected | or the end"),
        ("requests | where x == 'open", 'at 23: "\'open" is no word'),
        ("requests | take many", "expected a number of rows"),
        ("requests | take 99999999", "expected a number of rows"),
        ("requests | summarize duration", "expected one of count"),
        ("requests | summarize percentile(duration)", "percentile of 2 values, not 1"),
        ("requests | summarize percentile(duration, 101)", "a percentile from 0 to 100"),
        ("requests | where drop(x)", "expected a function"),
        ("requests | where " + "(" * 40 + "x" + ")" * 40, "nesting"),
        ("requests | where x" + " + x" * 900, "at most 100 operators"),
        ("requests" + " | count" * 30, "at most 20 steps"),
        ("requests | where x == 1" + " " * 5000, "at most 4000"),
        ("requests | where timestamp > ago(99999999999d)", "longer than time"),
        ("requests | where timestamp > ago(5)", "a length of time"),
        ("requests | summarize count() by bin(duration, 0)", "wider than nothing"),
    ],
)
def test_a_query_that_cannot_be_read_says_where(query: str, words: str) -> None:
    with pytest.raises(UnusableQuestion) as refused:
        asked(query)
    assert words in str(refused.value)


@given(st.text(alphabet="requestswhr|()=<>'\" 0159mhd,._/*-\\\n", max_size=60))
def test_no_query_breaks_the_reader(text: str) -> None:
    with suppress(UnusableQuestion):
        assert parse(f"requests | {text}").table == "requests"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(0, 100))
def test_a_percentile_is_a_value_that_enough_do_not_exceed(values: list[float], share: int) -> None:
    ordered = sorted(values)
    found = percentile(ordered, share)
    assert found in values
    assert sum(value <= found for value in values) >= share / 100 * len(values)


def test_a_line_becomes_a_row_with_the_names_of_application_insights() -> None:
    line = {
        "timestamp": "2026-03-01T12:00:00Z",
        "level": "info",
        "service": "web",
        "event": "request",
        "method": "GET",
        "path": "/x",
        "status": 503,
        "duration_ms": 12.5,
    }
    entry = entry_of(line)
    assert entry is not None
    row = row_of(entry)
    assert (row["name"], row["duration"], row["success"]) == ("GET /x", 12.5, False)
    assert (row["cloud_RoleName"], row["timestamp"]) == ("web", NOON)
    assert entry_of({"event": "no time"}) is None


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, True),
        ({"service": "web"}, True),
        ({"service": "worker"}, False),
        ({"level": Level.ERROR}, False),
        ({"level": Level.WARNING}, True),
        ({"text": "LOST THE"}, True),
        ({"text": "job=7"}, True),
        ({"text": "found"}, False),
        ({"since": NOON}, True),
        ({"until": NOON}, False),
    ],
)
def test_a_line_is_wanted_by_role_level_time_and_words(
    said: dict[str, object], *, wanted: bool
) -> None:
    span = {"since": NOON - timedelta(hours=1), "until": NOON + timedelta(hours=1)}
    entry = Entry(
        at=NOON, level="warning", service="web", event="lost the database", fields={"job": 7}
    )
    assert Asked(**{**span, **said}).wants(entry) is wanted  # type: ignore[arg-type]


def test_odd_cells_break_no_query() -> None:
    rows: list[dict[str, object]] = [
        {"names": ["a", "b"], "n": 10**400, "word": "x"},
        {"names": ["a", "b"], "n": 10**12, "word": "x"},
        {"names": {"a": 1}, "n": 1, "word": "x"},
    ]
    assert asked("traces | summarize many = count() by names", rows) == [
        {"names": "['a', 'b']", "many": 2},
        {"names": "{'a': 1}", "many": 1},
    ]
    assert asked("traces | summarize most = max(n)", rows) == [{"most": math.inf}]
    assert asked("traces | take 1 | project b = bin(n, 0.5)", rows) == [{"b": None}]
    assert asked("traces | project p = word * n", rows) == [{"p": None}] * 3
