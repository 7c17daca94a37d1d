"""How values read: times, paths, headlines. No browser, no database."""

from datetime import UTC, datetime, timedelta

import pytest

from quarterdeck.console.path import drawing, steps
from quarterdeck.console.preferences import back_to
from quarterdeck.console.templates import json_text
from quarterdeck.console.words import ago, count, hours, span
from quarterdeck.trail.proof import inclusion, tiles
from quarterdeck.trail.proof.tree import leaf_hash, root_hash

NOW = datetime(2026, 2, 28, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=4, seconds=30), "4 min"),
        (timedelta(hours=3, minutes=12), "3 h 12 min"),
        (timedelta(hours=12, minutes=12), "12 h"),
        (timedelta(days=9, hours=5), "9 d 5 h"),
    ],
)
def test_a_span_is_said_in_one_or_two_units(length: timedelta, words: str) -> None:
    assert span(length).replace("\xa0", " ") == words


def test_a_moment_is_said_relative_to_now_before_and_after() -> None:
    assert ago(NOW - timedelta(seconds=12), NOW) == "12\xa0s\xa0ago"
    assert ago(NOW + timedelta(hours=2), NOW) == "in\xa02\xa0h"
    assert ago(NOW, NOW) == "just now"


def test_an_hour_of_another_day_bears_its_date() -> None:
    assert hours(NOW, NOW) == "03:12"
    assert hours(NOW - timedelta(days=1), NOW) == "Feb 27 03:12"


def test_one_is_singular() -> None:
    assert (count(1, "tenant"), count(1503, "tenant")) == ("1 tenant", "1,503 tenants")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 11, 14])
def test_each_path_that_is_drawn_ends_at_the_root(size: int) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(size)]

    def read(level: int, start: int, many: int) -> list[bytes]:
        assert level == 0
        return leaves[start : start + many]

    root = root_hash(leaves)
    assert tiles.root(read, size) == root
    for index, leaf in enumerate(leaves):
        proof = inclusion.prove(read, index, size)
        way = list(steps(index, size, leaf, proof))
        assert (way[-1].parent if way else leaf) == root
        assert len(drawing(index, size, leaf, proof).nodes) == 1 + 2 * len(proof)


def test_json_marks_its_keys_and_escapes_the_rest() -> None:
    shown = json_text({"a: <b>": ["<i>", 1], "c": {}})
    assert "<b>&#34;a: &lt;b&gt;&#34;</b>: [" in shown
    assert "&lt;i&gt;" in shown
    assert "<i>" not in shown


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/",
        "//a.example",
        "/\\a.example",
        "/\t/a.example",
        "/\t\\a.example",
        "//[",
        "http://[a",
        "a",
        "",
    ],
)
def test_an_address_elsewhere_is_no_way_back(address: str) -> None:
    assert back_to(address) == "/"


def test_an_address_here_is_a_way_back() -> None:
    assert back_to("/sync?tenant=acme") == "/sync?tenant=acme"
