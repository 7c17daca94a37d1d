"""Health: the whole is as well as its worst part, and a failing check says why."""

import pytest

from quarterdeck.kernel.health import CheckFailed, Entry, Health, run


def found(status: Health) -> Entry:
    return Entry(status=status, description="1 of 2")


def failing() -> Entry:
    raise CheckFailed("disk full")


@pytest.mark.parametrize("worst", list(Health))
def test_the_whole_is_as_well_as_its_worst_part(worst: Health) -> None:
    report = run({"a": lambda: found(Health.HEALTHY), "b": lambda: found(worst)}, CheckFailed)
    assert report.status is worst
    assert all(entry.duration_s >= 0 for entry in report.entries.values())


def test_nothing_to_check_is_healthy() -> None:
    assert run({}, CheckFailed).status is Health.HEALTHY


def test_a_check_that_fails_is_an_unhealthy_entry_with_its_words() -> None:
    entry = run({"disk": failing}, CheckFailed).entries["disk"]
    assert (entry.status, entry.failure) == (Health.UNHEALTHY, "CheckFailed: disk full")


def test_a_bug_in_a_check_is_not_hidden() -> None:
    with pytest.raises(CheckFailed):
        run({"disk": failing}, OSError)
