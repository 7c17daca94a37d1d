"""Matchers: read as Alertmanager reads them, and no pattern stops the platform."""

import json
import subprocess
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.operations.silences.matchers import (
    BadMatcher,
    Matcher,
    Operator,
    all_match,
    parse,
    parse_all,
)
from servers import prometheus

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=b", ["a=b"]),
        ('{a="b", c!~"d|e"}', ["a=b", "c!~d|e"]),
        ('a = "b c" ,', ["a=b c"]),
        ('"a name with \\"quotes\\""="b"', ['a name with "quotes"=b']),
        ('{"μ"=~"x.*",b!="\\u00e9\\x41\\101\\n"}', ["μ=~x.*", "b!=éAA\n"]),
        ("service.name=api", ["service.name=api"]),
        ("a=b c", ["a=b c"]),  # only the classic form has values with spaces unquoted
        ('a="b,c",d=e', ["a=b,c", "d=e"]),
        ('a=""', ["a="]),
        ("a=", ["a="]),
    ],
)
def test_both_forms_are_read(text: str, expected: list[str]) -> None:
    assert [f"{m.name}{m.operator}{m.value}" for m in parse(text)] == expected


@pytest.mark.parametrize(
    "text",
    ["", "{}", "a", "=b", 'a="b', 'a="b"c"', "a=~(b", "a=~*", '"a b="c"', 'b c="d"'],
)
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(BadMatcher):
        parse(text)


@given(words, st.sampled_from(list(Operator)), words)
def test_a_matcher_reads_as_it_is_written(name: str, operator: Operator, value: str) -> None:
    try:
        one = Matcher(name, operator, value)
    except BadMatcher:
        return  # no regular expression
    assert parse(f"{{{one}}}") == (one,)


@given(words, words)
def test_a_matcher_and_its_opposite_never_agree(value: str, other: str) -> None:
    labels = {"a": other}
    for yes, no in ((Operator.EQUAL, Operator.NOT_EQUAL), (Operator.MATCHES, Operator.DIFFERS)):
        try:
            pair = Matcher("a", yes, value), Matcher("a", no, value)
        except BadMatcher:
            continue
        assert pair[0].matches(labels) is not pair[1].matches(labels)


def test_a_label_that_is_not_there_is_empty() -> None:
    assert all_match(parse('a="",b!="x",c=~".*",d!~".+"'), {})
    assert not all_match(parse('a=~".+"'), {})


def test_a_pattern_must_match_the_whole_value() -> None:
    assert not all_match(parse('a=~"b"'), {"a": "abc"})
    assert all_match(parse('a=~"b|abc"'), {"a": "abc"})


def test_a_pattern_that_would_never_end_ends_at_once() -> None:
    began = perf_counter()
    assert not all_match(parse('a=~"(a+)+b"'), {"a": "a" * 8000})
    assert not all_match(parse('a=~"(x*)*(x*)*y"'), {"a": "x" * 8000})
    assert perf_counter() - began < 1


@pytest.mark.parametrize(
    "text", ['a=~"((a{100}){100}){100}"', f'a="{"x" * 5000}"', ",".join(["a=b"] * 101)]
)
def test_bombs_are_refused(text: str) -> None:
    with pytest.raises(BadMatcher):
        parse(text)


def test_amtool_reads_the_same() -> None:
    if reason := prometheus.missing(prometheus.AMTOOL):
        pytest.skip(reason)
    texts = ["a=b", 'a="b c"', 'a=~"x|y"', 'a!="b\\"c"', "a!~b.+"]
    for text in texts:
        config: dict[str, object] = {
            "route": {"receiver": "r", "routes": [{"receiver": "m", "matchers": [text]}]}
        }
        config["receivers"] = [{"name": "r"}, {"name": "m"}]
        for value in ("b", "b c", "x", "y", "bx"):
            line = ["amtool", "config", "routes", "test", "--config.file=/dev/stdin", f"a={value}"]
            done = subprocess.run(
                line, input=json.dumps(config), capture_output=True, text=True, check=True
            )
            theirs = done.stdout.strip() == "m"
            assert all_match(parse_all([text]), {"a": value}) is theirs, (text, value)
