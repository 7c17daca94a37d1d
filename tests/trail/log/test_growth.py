"""Logs that rest are not looked at, and are not forgotten."""

from quarterdeck.trail.log.growth import Growth


def test_a_log_is_named_until_it_is_done_and_again_once_it_grows() -> None:
    growth = Growth(every_s=3600)
    sizes = {"acme": 2, "globex": 5}
    assert growth.among(sizes) == sizes
    assert growth.among(sizes) == sizes
    growth.done("acme", 2)
    assert growth.among(sizes) == {"globex": 5}
    assert growth.among({"acme": 3, "globex": 5}) == {"acme": 3, "globex": 5}


def test_what_is_done_was_done_of_the_size_that_was_seen() -> None:
    growth = Growth(every_s=3600)
    growth.done("acme", 2)  # it grew meanwhile
    assert growth.among({"acme": 3}) == {"acme": 3}


def test_after_a_while_all_are_named_for_another_may_have_sent_a_place_back() -> None:
    growth = Growth(every_s=0)
    growth.done("acme", 2)
    assert growth.among({"acme": 2}) == {"acme": 2}
