"""If-Match: nobody overwrites what they have not seen."""

import pytest

from quarterdeck.web.etags import check_match, etag_of
from quarterdeck.web.faults import PreconditionFailed


def test_any_change_of_a_part_changes_the_tag() -> None:
    assert etag_of("a", 1) == etag_of("a", 1)
    assert len({etag_of("a", 1), etag_of("a", 2), etag_of("a1"), etag_of("b", 1)}) == 4


@pytest.mark.parametrize("given", [None, "*", ' "x" , {tag}', "{tag}"])
def test_a_change_meant_for_this_state_may_go_on(given: str | None) -> None:
    tag = etag_of("thing", 7)
    check_match(given and given.replace("{tag}", tag), tag)


@pytest.mark.parametrize("given", ['"other"', "", "W/{tag}"])
def test_a_change_meant_for_another_state_is_refused(given: str) -> None:
    tag = etag_of("thing", 7)
    with pytest.raises(PreconditionFailed, match="read it again"):
        check_match(given.replace("{tag}", tag), tag)
