"""Instants come back from the database as they went in; ids are ids."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kernel.actors import NOON
from quarterdeck.kernel.clock import instant, micros, rfc3339, utc_now
from quarterdeck.kernel.ids import uuid7

INSTANTS = st.datetimes(timezones=st.timezones())
UTC_INSTANTS = st.datetimes(timezones=st.just(UTC))


@given(INSTANTS)
def test_an_instant_comes_back_the_same(at: datetime) -> None:
    assert instant(micros(at)) == at.astimezone(UTC)


@given(INSTANTS)
def test_rfc3339_is_read_back_the_same_and_is_utc(at: datetime) -> None:
    words = rfc3339(at)
    assert words.endswith("Z")
    assert datetime.fromisoformat(words) == at.astimezone(UTC)


@given(UTC_INSTANTS, UTC_INSTANTS)
def test_stored_instants_sort_as_instants_do(one: datetime, other: datetime) -> None:
    assert (micros(one) < micros(other)) == (one < other)


def test_ids_sort_by_creation_time_and_are_never_the_same() -> None:
    ids = [uuid7(NOON + timedelta(milliseconds=n)) for n in range(9)]
    assert ids == sorted(set(ids))
    assert len({uuid7(NOON) for _ in range(1000)}) == 1000


def test_the_clock_is_in_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)
