"""What is told of an item, laid over what is held."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.governance.identity.model.changed import fragment, merged
from quarterdeck.governance.identity.model.items import alike, sighting
from quarterdeck.governance.identity.model.shape import UnreadableIdentity

NAMES = st.sampled_from(["displayName", "mail", "userType", "companyName"])
VALUES = st.none() | st.text(max_size=5) | st.booleans() | st.integers() | st.lists(st.integers())
OBJECTS = st.dictionaries(NAMES, VALUES)


def laid(held: dict[str, Any] | None, told: dict[str, Any]) -> dict[str, Any]:
    before = None if held is None else json.dumps(held)
    found: dict[str, Any] = json.loads(merged(before, fragment(json.dumps(told).encode())))
    return found


@given(OBJECTS, OBJECTS)
def test_what_is_told_stands_and_the_rest_is_as_it_was(
    held: dict[str, Any], told: dict[str, Any]
) -> None:
    assert laid({"id": "a"} | held, {"id": "a"} | told) == {"id": "a"} | held | told


@given(OBJECTS, OBJECTS)
def test_told_twice_is_told_once(held: dict[str, Any], told: dict[str, Any]) -> None:
    once = laid({"id": "a"} | held, {"id": "a"} | told)
    assert laid(once, {"id": "a"} | told) == once


@given(OBJECTS)
def test_a_field_that_was_never_set_is_null_or_is_not_there(said: dict[str, Any]) -> None:
    whole = {"id": "a", "displayName": None, "mail": None, "userType": None} | said
    short = {name: value for name, value in whole.items() if value is not None}
    assert alike(json.dumps(whole), json.dumps(short))
    assert not alike(json.dumps(whole), json.dumps(short | {"mail": "other than that"}))


def test_numbers_and_texts_are_kept_as_they_were_sent() -> None:
    held = '{"id": "a", "big": 1.500000000000000000001, "name": "\\u00e9"}'
    told = fragment(b'{"id": "a", "small": 2.0e1}')
    assert merged(held, told) == (
        b'{"id":"a","big":1.500000000000000000001,"name":"\\u00e9","small":2.0e1}'
    )


def test_what_graph_says_about_an_object_is_no_part_of_it() -> None:
    body = json.dumps(
        {"@odata.type": "#microsoft.graph.group", "id": "g", "members@delta": [{"id": "a"}]}
    )
    told = fragment(body.encode())
    assert (told.regrouped, told.gone, merged(None, told)) == (True, False, b'{"id":"g"}')
    assert fragment(b'{"id": "a", "@removed": {"reason": "changed"}}').gone


@pytest.mark.parametrize("item", [b"[]", b"{}", b'{"id": 3}', b"nonsense", b'{"id": "a"'])
def test_what_cannot_be_read_is_refused(item: bytes) -> None:
    with pytest.raises(UnreadableIdentity):
        fragment(item)


def test_a_whole_item_is_a_fragment_of_itself() -> None:
    item = b'{"id":"a","displayName":"Ada","mail":null}'
    assert sighting(merged(None, fragment(item))).hash == sighting(item).hash
