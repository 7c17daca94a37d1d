"""Lines of what is sent: a thread for each while there are any, and none held up by another."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from quarterdeck.operations.messages.model import WAITING, Content, Message, Urgency
from quarterdeck.operations.messages.service.lines import Lines
from quarterdeck.operations.messages.service.parcels import Bundle
from quarterdeck.operations.sending.model import Reply

NOON = datetime(2026, 2, 27, 12, tzinfo=UTC)
ONE = Message(
    id="1",
    tenant="acme",
    key="k",
    about="page/1",
    way="channel:pager",
    channel="pager",
    kind="webhook",
    address="pager",
    person="",
    urgency=Urgency.PAGE,
    content=Content(title="It is down"),
    state=WAITING,
    created_at=NOON,
    due_at=NOON,
    give_up_at=NOON,
)


def lengths(lines: Lines, *ways: str) -> dict[str, list[int]]:
    """How long the lines to each address are, once each of ``ways`` was put that had room."""
    for way in ways:
        bundle = Bundle(messages=(replace(ONE, way=way),))
        if lines.has_room(bundle.way):
            lines.put(bundle, Reply)
    made = [(line[0][0].way[1], len(line)) for line in lines.made]
    return {way: [many for to, many in made if to == way] for way in dict.fromkeys(ways)}


def test_each_has_a_thread_while_there_are_any_and_the_address_is_not_full() -> None:
    lines = Lines(most=4, a_way=2, deep=3, busy=Counter())
    assert lengths(lines, "a", "a", "b") == {"a": [1, 1], "b": [1]}


def test_what_has_no_thread_stands_behind_the_fewest_as_deep_as_may_be() -> None:
    lines = Lines(most=8, a_way=2, deep=3, busy=Counter())
    assert lengths(lines, *("a" * 4)) == {"a": [2, 2]}
    assert lengths(lines, *("a" * 9), "b") == {"a": [3, 3], "b": [1]}


def test_what_is_under_way_counts_and_nobody_stands_behind_it() -> None:
    lines = Lines(most=8, a_way=2, deep=3, busy=Counter({("acme", "a"): 2, ("acme", "b"): 1}))
    assert lengths(lines, *("a" * 4), *("b" * 4)) == {"a": [], "b": [3]}


def test_no_more_lines_than_threads_are_made() -> None:
    lines = Lines(most=2, a_way=8, deep=1, busy=Counter())
    assert lengths(lines, *"abc") == {"a": [1], "b": [1], "c": []}
