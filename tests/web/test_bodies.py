"""Bodies are taken exactly, or refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from quarterdeck.web.bodies import Body


class Loose(Body):
    """A body whose field may hold anything."""

    anything: Any


@pytest.mark.parametrize("bad", ["a\0b", "a\ud800"])
def test_text_that_cannot_be_stored_is_refused_wherever_it_stands(bad: str) -> None:
    for given in (bad, [{"k": [bad]}], {bad: 1}):
        with pytest.raises(ValidationError, match="NUL"):
            Loose(anything=given)


def test_a_body_may_nest_as_deep_as_it_likes() -> None:
    deep: Any = "end"
    for _ in range(100_000):
        deep = [deep]
    assert Loose(anything=deep).anything is deep


def test_other_text_is_taken() -> None:
    assert Loose(anything="é 🚢 \n").anything == "é 🚢 \n"
