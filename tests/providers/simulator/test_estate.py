"""An estate made from a seed."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.kernel.errors import Invalid
from quarterdeck.providers.simulator import estate
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.shelf import EXPANSIONS, Shelf


def made(seed: int, tenants: int = 3, resources: int = 1_500) -> list[estate.Json]:
    found = estate.tenants(seed, tenants, resources)
    return [item for one in found for sub in one.subscriptions for item in estate.resources(sub)]


def test_the_same_seed_makes_the_same_estate_on_every_machine() -> None:
    assert json.dumps(made(7)) == json.dumps(made(7))
    first = estate.tenants(7, 3, 1_500)[0]
    assert first.id == "99cdea3b-4166-426c-a714-853aeffa80d5"
    assert first.subscriptions[0].name == "harbor-staging-01"


def test_another_seed_makes_another_estate() -> None:
    assert {item["id"] for item in made(7)}.isdisjoint(item["id"] for item in made(8))


@given(st.integers(1, 40), st.integers(0, 3_000))
@settings(max_examples=30, deadline=None)
def test_every_resource_asked_for_is_there_once(tenants: int, resources: int) -> None:
    ids = [item["id"].lower() for item in made(1, tenants, resources)]
    assert len(ids) == len(set(ids)) == resources


def test_it_looks_like_an_estate_that_people_made() -> None:
    items = made(7)
    types = Counter(item["type"] for item in items)
    regions = Counter(item["location"] for item in items)
    untagged = sum("tags" not in item for item in items)
    assert len(types) >= 15
    assert types.most_common(1)[0][1] > 5 * types.most_common()[-1][1]
    assert len(regions) >= 6
    assert 0 < untagged < len(items) / 4
    assert any("Schiffsführung" in str(item.get("tags")) for item in items)
    assert {"Succeeded", "Failed"} <= {item["provisioningState"] for item in items}


def test_a_resource_changes_after_it_was_made_and_before_the_estates_now() -> None:
    for item in made(7):
        assert item["createdTime"] <= item["changedTime"] <= estate.stamp(estate.NOW)


@pytest.mark.parametrize(
    "wrong",
    [{"tenants": 0}, {"resources": -1}, {"port": 70_000}, {"token_s": 0}, {"latency_s": -1}],
)
def test_a_size_out_of_range_is_refused_with_the_range(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(Invalid, match=f"{name} must be"):
        SimulatorOptions(folder=Path(), **wrong)


@given(st.integers(1, 50), st.sets(st.integers(0, 200), max_size=60), st.data())
@settings(max_examples=60, deadline=None)
def test_what_changes_between_two_pages_hides_and_repeats_nothing_else(
    top: int, numbers: set[int], data: st.DataObject
) -> None:
    shelf = Shelf({"id": f"/S/{number:04}"} for number in numbers)
    stable = set(numbers)
    seen: list[str] = []
    after = ""
    while True:
        part = shelf.stretch(after, top, EXPANSIONS)
        seen += [json.loads(item)["id"] for item in part.items]
        if not part.last:
            break
        after = part.last
        changed = data.draw(st.integers(0, 200))
        stable.discard(changed)
        if not shelf.delete(f"/s/{changed:04}"):
            shelf.put({"id": f"/s/{changed:04}"})
    assert len(seen) == len({one.lower() for one in seen})
    assert {f"/s/{number:04}" for number in stable} <= {one.lower() for one in seen}
