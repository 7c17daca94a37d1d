"""Selectors, as PromQL writes them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from quarterdeck.operations.metrics.selector import (
    Comparison,
    Matcher,
    Selector,
    UnusableSelector,
    selector,
)

WORD = some.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
MATCHERS = some.builds(
    Matcher, WORD, some.sampled_from([Comparison.IS, Comparison.IS_NOT]), some.text(max_size=20)
)


@settings(deadline=None)
@given(some.builds(Selector, WORD, some.lists(MATCHERS, max_size=4).map(tuple)))
def test_what_is_written_is_read_again(of: Selector) -> None:
    assert selector(str(of)) == of


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ('up{job="a"}', ["a"]),
        ('up{job!="a"}', ["b", "ab", ""]),
        ('up{job=~"a|b"}', ["a", "b"]),
        ('up{job=~"a.*"}', ["a", "ab"]),
        ('up{job!~"a.*"}', ["b", ""]),
        ('up{job=""}', [""]),
        ('up{job!="", job!~"b",}', ["a", "ab"]),
        ("up{}", ["a", "b", "ab", ""]),
        (" up ", ["a", "b", "ab", ""]),
    ],
)
def test_matchers_accept_what_prometheus_does(words: str, meant: list[str]) -> None:
    of = selector(words)
    assert [job for job in ("a", "b", "ab", "") if of.accepts({"job": job} if job else {})] == meant


@pytest.mark.parametrize(
    "words",
    [
        "",
        "1up",
        "up{",
        "up{job}",
        "up{job=a}",
        'up{job="a" other="b"}',
        'up{job=~"("}',
        'up{job=~"(?=a)"}',
        'up{job="a"} or x',
        'up{1="a"}',
        "up{" + "a" * 5000,
    ],
)
def test_other_words_are_refused(words: str) -> None:
    with pytest.raises(UnusableSelector):
        selector(words)


@pytest.mark.timeout(5)
def test_no_pattern_takes_for_ever() -> None:
    assert not selector('up{job=~"(a+)+$"}').accepts({"job": "a" * 1000 + "!"})
