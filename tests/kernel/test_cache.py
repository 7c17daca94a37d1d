"""The small cache."""

from quarterdeck.kernel.cache import MAX_ENTRIES, Cache


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_an_answer_is_computed_once_while_it_is_good() -> None:
    clock, computed = Hand(), list[int]()
    cache = Cache[int](10, clock)

    def compute() -> int:
        computed.append(1)
        return len(computed)

    assert [cache.get("a", compute), cache.get("a", compute)] == [1, 1]
    clock.at = 9.9
    assert cache.get("a", compute) == 1
    clock.at = 10
    assert cache.get("a", compute) == 2


def test_hits_and_misses_are_counted_as_a_percentage() -> None:
    cache = Cache[int](10)
    assert cache.stats.hit_rate_percent == 0
    for _ in range(4):
        cache.get("a", lambda: 1)
    assert (cache.stats.hits, cache.stats.misses, cache.stats.hit_rate_percent) == (3, 1, 75.0)


def test_emptying_it_forgets_answers_and_counts() -> None:
    cache = Cache[int](10)
    cache.get("a", lambda: 1)
    cache.clear()
    assert cache.get("a", lambda: 2) == 2
    assert (cache.stats.hits, cache.stats.misses) == (0, 1)


def test_it_holds_no_more_than_it_may() -> None:
    cache = Cache[int](10)
    for n in range(MAX_ENTRIES + 5):
        cache.get(str(n), lambda: 1)
    assert cache.stats.entries == MAX_ENTRIES


def test_a_failure_is_not_kept() -> None:
    cache = Cache[float](10)
    try:
        cache.get("a", lambda: 1 / 0)
    except ZeroDivisionError:
        assert cache.get("a", lambda: 2) == 2
