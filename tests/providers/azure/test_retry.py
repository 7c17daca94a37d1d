"""How long a cloud asks to wait."""

from datetime import UTC, datetime

import pytest

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.providers.azure.options import Patience
from quarterdeck.providers.azure.retry import Passing, asked_wait_s, keep_trying

NOW = datetime(2026, 2, 28, 12, 0, 0, tzinfo=UTC)
QPU = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "17"}, 17),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "Sat, 28 Feb 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Sat, 28 Feb 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
        ({QPU: "42"}, 42),
        ({"retry-after": "5", QPU: "42"}, 42),
        ({"retry-after": "soon", "x-ms-retry-after-ms": "1"}, 0.001),
        ({"x-ms-ratelimit-remaining-subscription-reads": "11999"}, None),
    ],
)
def test_the_longest_wait_of_all_headers_counts(
    headers: dict[str, str], wait_s: float | None
) -> None:
    assert asked_wait_s(headers, lambda: NOW) == wait_s


def late() -> str:
    raise Passing(FailureClass.TIMEOUT, "no answer")


def asking(seconds: float) -> str:
    raise Passing(FailureClass.RATE_LIMIT, "too many", retry_after_s=seconds)


def test_waits_double_up_to_the_longest_and_tries_are_counted() -> None:
    waits: list[float] = []
    patience = Patience(attempts=6, first_wait_s=1, longest_wait_s=5)
    with pytest.raises(CloudFailure):
        keep_trying(late, patience, waits.append)
    assert [int(wait - 0.000_001) // 1 for wait in waits] == pytest.approx([1, 2, 4, 5, 5], abs=1)
    assert len(waits) == 5


def test_a_wait_that_the_cloud_asks_for_is_taken_unless_it_is_too_long() -> None:
    waits: list[float] = []
    with pytest.raises(CloudFailure):
        keep_trying(lambda: asking(20), Patience(attempts=3), waits.append)
    with pytest.raises(CloudFailure):
        keep_trying(lambda: asking(31), Patience(attempts=3), waits.append)
    assert waits == [20, 20]


def test_no_try_begins_after_patience_is_at_its_end() -> None:
    waits: list[float] = []
    with pytest.raises(CloudFailure):
        keep_trying(lambda: asking(20), Patience(attempts=9, total_s=10), waits.append)
    assert waits == []


class NotWanted(Exception):
    pass


def test_who_wants_the_outcome_no_more_is_not_kept_waiting() -> None:
    def pause(_seconds: float) -> None:
        raise NotWanted

    with pytest.raises(NotWanted):
        keep_trying(late, Patience(), pause)
