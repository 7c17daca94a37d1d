"""Events stand in logs for ever: what a class may not do to those who write and read them."""

from dataclasses import fields
from typing import get_type_hints

import pytest

from quarterdeck.events import EVENTS
from quarterdeck.kernel.event import Event

CONSTANTS = frozenset(get_type_hints(Event)) - {one.name for one in fields(Event)}


def test_the_constants_of_an_event_are_those_that_leaves_are_made_with() -> None:
    assert {"action", "about", "public", "outcome", "leaf"} == CONSTANTS


@pytest.mark.parametrize("name", EVENTS)
def test_no_field_is_called_as_a_constant_of_its_class(name: str) -> None:
    """Such a field shadows the constant, and its tenant's facts are delivered no more."""
    kind = EVENTS[name]
    assert not CONSTANTS & {one.name for one in fields(kind)}


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_public_and_what_it_is_about_are_fields_of_it(name: str) -> None:
    kind = EVENTS[name]
    named = {one.name for one in fields(kind)}
    assert kind.public <= named
    assert kind.about in named
    assert kind.outcome in ("success", "failure", "denied")
    assert kind.action.count(":") == 1
