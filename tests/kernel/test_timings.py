"""How long the last of one thing took."""

from itertools import count

import pytest

from quarterdeck.kernel.timings import Recent


def test_what_ends_well_is_kept_and_what_raises_is_not() -> None:
    recent = Recent(count().__next__)
    with recent.timing(), recent.timing():
        assert recent.open == 2
    with pytest.raises(ZeroDivisionError), recent.timing():
        raise ZeroDivisionError
    assert recent.open == 0
    # The clock moves by one with each look: the inner saw one pass, the outer four.
    assert [recent.percentile_s(percent, 100) for percent in (1, 100)] == [(1, 2), (4, 2)]
