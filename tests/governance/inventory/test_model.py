import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.governance.connections.model import prefix_of
from quarterdeck.governance.inventory.model import (
    Known,
    Sighting,
    What,
    difference,
    named,
    portions,
    resource_id,
    sighting,
)
from quarterdeck.kernel.ids import ConnectionId

HERE = ConnectionId("c")

NAMES = st.sampled_from(["a", "B", "b", "long-name"])
ITEMS = st.builds(
    lambda name, size: json.dumps({"id": f"/subscriptions/s/x/{name}", "size": size}).encode(),
    NAMES,
    st.integers(0, 2),
)
LISTINGS = st.lists(ITEMS, max_size=8)


def seen(items: list[bytes]) -> list[Sighting]:
    return [sighting(HERE, item, "") for item in items]


def landed(known: dict[str, Known], items: list[bytes]) -> dict[str, Known]:
    """What is known after ``items`` landed."""
    news = difference(known, seen(items))
    return known | {s.id: Known(hash=s.hash, deleted=False) for _, s in news}


@given(LISTINGS)
def test_the_same_listing_twice_changes_nothing(items: list[bytes]) -> None:
    once = landed({}, items)
    last = list({s.id: item for s, item in zip(seen(items), items, strict=True)}.values())
    assert list(difference(once, seen(last))) == []
    assert landed(once, last) == once


@given(LISTINGS.flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_the_order_of_a_listing_does_not_count(both: tuple[list[bytes], list[bytes]]) -> None:
    items, shuffled = both
    distinct = len({s.id for s in seen(items)}) == len({s.hash for s in seen(items)})
    if distinct:  # one id with two bodies is no listing of one moment: there the last counts
        assert landed({}, items) == landed({}, shuffled)


@given(LISTINGS, st.integers(0, 8))
def test_pages_land_as_the_whole_does(items: list[bytes], cut: int) -> None:
    assert landed(landed({}, items[:cut]), items[cut:]) == landed({}, items)


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 50))
def test_portions_lose_nothing_and_keep_to_their_size(sizes: list[int], rows: int) -> None:
    found = [
        (What.ADDED, sighting(HERE, json.dumps({"id": f"/{n}", "tags": tags}).encode(), ""))
        for n, tags in enumerate({f"t{i}": "v" for i in range(size)} for size in sizes)
    ]
    parts = list(portions(found, rows))
    assert [entry for part in parts for entry in part] == found
    for part in parts:
        assert len(part) == 1 or sum(3 + len(s.tags) for _, s in part) <= rows


def test_what_was_removed_and_is_seen_again_is_restored_even_unchanged() -> None:
    [sight] = seen([b'{"id": "/a"}'])
    gone = {sight.id: Known(hash=sight.hash, deleted=True)}
    assert [what for what, _ in difference(gone, [sight])] == [What.RESTORED]


def test_a_clouds_id_is_one_resource_in_any_case_but_not_in_any_connection() -> None:
    assert resource_id(HERE, "/Subscriptions/S", "") == resource_id(HERE, "/subscriptions/s", "")
    assert resource_id(HERE, "/a", "") != resource_id(ConnectionId("d"), "/a", "")


def test_resources_of_a_connection_lie_together_and_those_of_before_keep_their_ids() -> None:
    prefix, old = prefix_of(HERE), resource_id(HERE, "/a", "")
    new = resource_id(HERE, "/a", prefix)
    assert (new[:3], new[3:], len(new)) == (prefix, old[:29], 32)
    assert sighting(HERE, b'{"id": "/A"}', prefix).id == named(HERE, b'{"id": "/a"}', prefix) == new


def test_the_bytes_are_kept_as_they_came() -> None:
    item = b'{"id":"/a",\n "unknown" : 1.50, "n": 12345678901234567890123}'
    sight = sighting(HERE, item, "")
    assert sight.body.encode() == item
    assert sight.hash == hashlib.sha256(item).hexdigest()


@pytest.mark.parametrize(
    ("cloud_id", "kind", "name"),
    [
        (
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a",
            "Microsoft.Web/sites",
            "a",
        ),
        (
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a/slots/b",
            "Microsoft.Web/sites/slots",
            "b",
        ),
        (
            "/subscriptions/s/providers/A.B/cs/d/providers/E.F/gs/h",
            "E.F/gs",
            "h",
        ),
        ("/subscriptions/s", "", "s"),
    ],
)
def test_type_and_name_not_stated_are_read_out_of_the_id(
    cloud_id: str, kind: str, name: str
) -> None:
    sight = sighting(HERE, json.dumps({"id": cloud_id}).encode(), "")
    assert (sight.type, sight.name) == (kind, name)


def test_tags_that_are_no_text_become_text() -> None:
    sight = sighting(HERE, b'{"id": "/a", "tags": {"n": 1, "t": true, "x": null}}', "")
    assert dict(sight.tags) == {"n": "1", "t": "true", "x": ""}
