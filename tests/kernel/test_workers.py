"""How many workers there are: one more while work is behind, one less when it has long not been."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.kernel import workers
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.workers import APART_US, CALM_US, Crew, decide

MINUTE = timedelta(minutes=1) // timedelta(microseconds=1)
START = 1_000_000 * MINUTE


def crews(behind: list[bool], most: int) -> list[int]:
    """How many are wanted, a minute after the other."""
    crew, found = Crew(), []
    for minute, is_behind in enumerate(behind):
        crew = decide(crew, behind=is_behind, now=START + minute * MINUTE, most=most)
        found.append(crew.wanted)
    return found


def test_it_rises_while_work_is_behind_each_time_the_last_had_time_to_help() -> None:
    assert crews([True] * 6, 3) == [2, 2, 3, 3, 3, 3]


def test_it_falls_one_at_a_time_after_a_calm_while_each() -> None:
    found = crews([True] * 3 + [False] * 40, 3)
    assert found[:3] == [2, 2, 3]
    assert found.index(2, 3) - 3 == CALM_US // MINUTE
    assert found.index(1) - found.index(2, 3) == CALM_US // MINUTE
    assert found[-1] == 1


def test_trouble_that_comes_and_goes_lets_nobody_go() -> None:
    assert set(crews([True, False, False, False] * 20, 2)[1:]) == {2}


def test_no_more_than_are_allowed_and_never_none() -> None:
    assert crews([True] * 10, 1) == [1] * 10
    assert decide(Crew(wanted=3), behind=False, now=START, most=2).wanted == 2


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 4))
def test_it_moves_by_one_within_its_bounds(behind: list[bool], most: int) -> None:
    found = [1, *crews(behind, most)]
    assert all(1 <= one <= most for one in found)
    assert all(abs(a - b) <= 1 for a, b in pairwise(found))
    assert APART_US < CALM_US


@pytest.mark.parametrize(
    ("database", "said", "most"),
    [
        ("", 0, 1),
        ("sqlite:///a.db", 0, 1),
        ("sqlite:///a.db", 2, 2),
        ("postgresql+psycopg://h/d", 0, 3),
        ("postgresql+psycopg://h/d", 5, 5),
    ],
)
def test_on_sqlite_there_is_one_unless_said_otherwise(database: str, said: int, most: int) -> None:
    assert workers.most_of(Settings(database=database, workers_most=said)) == most


def test_what_was_asked_is_read_and_what_cannot_be_read_is_one(tmp_path: Path) -> None:
    assert workers.asked(tmp_path) == Crew()
    workers.ask(tmp_path, Crew(wanted=3, changed_at=7))
    assert workers.asked(tmp_path) == Crew(wanted=3, changed_at=7)
    (tmp_path / workers.FILE).write_text("{")
    assert workers.asked(tmp_path) == Crew()
