"""How long ago a moment was."""

from datetime import UTC, datetime, timedelta

import pytest

from quarterdeck.kernel.clock import since

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("back_s", "seconds"), [(90, 90), (0, 0), (-1, 0)])
def test_what_lies_ahead_is_no_time_ago(back_s: int, seconds: int) -> None:
    assert since(NOON, NOON - timedelta(seconds=back_s)) == timedelta(seconds=seconds)
