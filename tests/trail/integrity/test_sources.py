"""Numbers that a source gave and that never came are found, whatever the order they came in."""

from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.kernel.work import Actor, TenantNotFound, read
from quarterdeck.trail.integrity import sources as module
from quarterdeck.trail.integrity.sources import Numbers, counted, sources
from trail.installation import Installation
from trail.logs import Logs, raw, record

VERA = Actor("vera", frozenset({("trail:verify", "acme")}))


def found(installation: Installation, end: int | None = None, by: Actor = VERA) -> Numbers:
    with read(installation.engine, by, installation.clock) as work:
        return sources(work, installation.reader, "acme", end)


@pytest.fixture
def logs(installation: Installation) -> Iterator[Logs]:
    with closing(Logs(installation)) as opened:
        yield opened


@given(st.sets(st.integers(1, 200)), st.randoms(use_true_random=False))
def test_what_is_missing_is_what_never_came(numbers: set[int], order: Random) -> None:
    came = list(numbers)
    order.shuffle(came)
    one = counted("s", came)
    missing = {n for first, last in one.gaps for n in range(first, last + 1)}
    assert one.missing == len(missing)
    whole = set(range(min(numbers), max(numbers) + 1)) if numbers else set()
    assert missing == whole - numbers


def test_gaps_are_told_by_source_and_the_worst_comes_first(
    installation: Installation, logs: Logs
) -> None:
    says = [("a", 1), ("b", 7), ("a", 3), ("a", 2), ("b", 12), ("b", 8), ("c", 0), ("a", 3)]
    logs.append(*(record(n, source=source, source_seq=seq) for n, (source, seq) in enumerate(says)))
    numbers = found(installation)
    told = [(one.source, one.records, one.unnumbered, one.missing) for one in numbers.sources]
    assert told == [("b", 3, 0, 3), ("a", 4, 0, 0), ("c", 0, 1, 0)]
    worst, other, _ = numbers.sources
    assert (worst.first, worst.last, worst.gaps) == (7, 12, [(9, 11)])
    assert (other.gaps, other.repeated) == ([], 1)
    assert (numbers.first, numbers.end, numbers.size, numbers.unread) == (0, 8, 8, 0)


def test_a_part_of_a_log_is_looked_at_and_said(
    installation: Installation, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ", 4)
    monkeypatch.setattr(module, "AT_ONCE", 3)
    logs.append(*(record(n, source_seq=n) for n in range(1, 7)), record(7, source_seq=9))
    numbers = found(installation)
    assert (numbers.first, numbers.end, numbers.size) == (3, 7, 7)
    assert [one.gaps for one in numbers.sources] == [[(7, 8)]]
    before = found(installation, 3)
    assert (before.first, before.end) == (0, 3)
    assert [one.missing for one in before.sources] == [0]
    assert (found(installation, 99).end, found(installation, 0).sources) == (7, [])


def test_gaps_and_sources_are_bounded(
    installation: Installation, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = counted("s", range(1, 1_000, 2))
    assert (len(one.gaps), one.missing) == (100, 499)
    monkeypatch.setattr(module, "SOURCES", 2)
    logs.append(*(record(n, source=f"s{n}") for n in range(5)))
    numbers = found(installation)
    assert (len(numbers.sources), numbers.more) == (2, 3)


def test_what_cannot_be_read_is_counted_apart(installation: Installation, logs: Logs) -> None:
    logs.append(raw(1, b"no record"))
    assert found(installation).unread == 1


def test_who_may_not_verify_is_told_nothing(installation: Installation) -> None:
    with pytest.raises(TenantNotFound):
        found(installation, by=Actor("otto", frozenset({("trail:verify", "zeta")})))
