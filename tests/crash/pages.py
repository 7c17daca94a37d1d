"""What of a page's way a worker dies of, and what must hold once two others have taken over."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from crash.house import POLICY, TO_ADA, TO_NOBODY, House
from crash.points import Points, in_children
from crash.receivers import Delivery
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.deliveries import dead_facts
from quarterdeck.kernel.outbox import outbox
from quarterdeck.migrations.tables import metadata
from quarterdeck.operations.escalation.store.table import pages, steps
from quarterdeck.operations.messages.store.table import messages

WORKERS = 2
ADA, BOSS, OUTSIDE = "mail ada@example.com", "mail boss@example.com", "mail outside@example.com"
FIRST = [ADA, "/v2/enqueue", "/slack", "/hook"]
KEYED = ("/v2/enqueue",)
"""Where the provider puts together what has one key."""

QUIET_UNTIL = 100
"""Minutes after noon: before it an acknowledged page wants nobody again."""

Act = Callable[[House, Points], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A part of a page's way.

    Attributes:
        before: what happened before, with nobody dying.
        act: what the worker does that dies of it.
        asks: what somebody outside does, who got no answer, again: once at least was enough.
        minutes: after noon, when that is.
        heard: who hears of it, each once.
        state: of the page, afterwards.
        refuses: whose mails are refused.
        audits: what is late is looked for by an auditor, and sent from there.
        weight: how many times more points than others it deserves.
    """

    act: Act
    minutes: int
    heard: Sequence[str]
    state: str
    policy: str = POLICY
    before: Sequence[Act] = ()
    asks: Callable[[House], None] = lambda _: None
    refuses: str = ""
    audits: bool = False
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stands after all: the same, wherever somebody died."""

    pages: list[tuple[str, str, str]]
    ledger: list[tuple[str, str, str]]
    told: list[tuple[str, str, str]]
    facts: dict[str, int]


def prepare(scenario: Scenario, house: House) -> None:
    """Have everything be as it was before the part that somebody dies of."""
    clear(house.engine)
    house.prepare(scenario.policy)
    for step in scenario.before:
        step(house, Points(0))
    house.receivers.came()
    if scenario.refuses:
        house.receivers.refuse(scenario.refuses)


def recover(scenario: Scenario, house: House) -> None:
    """Have two workers take over at the same time, once leases are over."""
    house.lapse()
    scenario.asks(house)
    in_children(house.engine, lambda points: house.finish(scenario.minutes, points), WORKERS)
    if scenario.audits:
        house.audit(scenario.minutes, Points(0))


def held(scenario: Scenario, house: House) -> tuple[Found, int]:
    """What stands, and how many came twice, each with a mark; AssertionError: a broken promise."""
    came = house.receivers.came()
    repeats = _told_once(scenario, came)
    found = look(house.engine)
    assert [state for _, state, _ in found.pages] == [scenario.state], f"pages {found.pages}"
    _is_quiet(scenario, house)
    return found, repeats


def look(engine: Engine) -> Found:
    """What stands of pages, without ids and times."""
    with reading(engine) as db:
        assert not db.execute(select(dead_facts)).all(), "a fact was put aside"
        ledger = [(s.level, s.kind, s.state) for s in db.execute(select(steps))]
        rows = db.execute(select(messages))
        told = [(m.address, json.loads(m.content)["title"], m.state) for m in rows]
        facts = Counter(n for n in db.scalars(select(outbox.c.name)) if n.startswith("Page"))
        found = [(p.severity, p.state, p.acknowledged_by) for p in db.execute(select(pages))]
    return Found(pages=found, ledger=sorted(ledger), told=sorted(told), facts=dict(facts))


def _told_once(scenario: Scenario, came: Sequence[Delivery]) -> int:
    """How many came again, and said so."""
    by: dict[tuple[str, str], list[Delivery]] = {}
    for one in came:
        by.setdefault((one.to, one.key), []).append(one)
    heard = sorted(to for to, _ in by)
    assert heard == sorted(scenario.heard), f"heard by {heard}, not {sorted(scenario.heard)}"
    again = [one for some in by.values() for one in some[1:] if one.to not in KEYED]
    assert all(one.repeat for one in again), f"came twice without a mark: {again}"
    return len(again)


def _is_quiet(scenario: Scenario, house: House) -> None:
    """What somebody looks after, or what is over, rings no more."""
    if scenario.state == "open":
        return
    house.work(max(scenario.minutes, QUIET_UNTIL), Points(0))
    rang = house.receivers.came()
    assert not rang, f"it rings on: {rang}"


def clear(engine: Engine) -> None:
    """Empty every table that has a row."""
    with writing(engine) as db:
        for table in reversed(metadata.sorted_tables):
            if db.execute(select(*table.primary_key or table.c).limit(1)).first():
                db.execute(table.delete())


def _page(house: House, points: Points) -> None:
    house.push(0)
    house.work(0, points)


def _acknowledge(house: House, points: Points) -> None:
    house.acknowledge(5)
    house.work(5, points)


def _end(house: House, points: Points) -> None:
    house.push(10, resolved=True)
    house.work(10, points)


def _pass(minutes: int) -> Act:
    return lambda house, points: house.work(minutes, points)


def _audit(house: House, points: Points) -> None:
    house.audit(2, points)


SCENARIOS = {
    "page": Scenario(
        act=_page,
        asks=lambda house: house.push(0),
        minutes=0,
        heard=[*FIRST, "/team"],
        state="open",
        weight=4,
    ),
    "acknowledge": Scenario(
        before=[_page],
        act=_acknowledge,
        asks=lambda house: house.acknowledge(5),
        minutes=5,
        heard=FIRST,
        state="acknowledged",
    ),
    "escalate": Scenario(before=[_page], act=_pass(30), minutes=30, heard=[BOSS], state="open"),
    "want again": Scenario(
        before=[_page, _acknowledge], act=_pass(126), minutes=126, heard=FIRST, state="open"
    ),
    "end": Scenario(
        before=[_page],
        act=_end,
        asks=lambda house: house.push(10, resolved=True),
        minutes=10,
        heard=[*FIRST, "/team"],
        state="resolved",
    ),
    "refuse": Scenario(
        policy=TO_ADA,
        refuses="ada@example.com",
        act=_page,
        asks=lambda house: house.push(0),
        minutes=0,
        heard=[BOSS, "/team"],
        state="open",
    ),
    "nobody": Scenario(
        policy=TO_NOBODY,
        before=[_page],
        act=_audit,
        minutes=2,
        heard=[OUTSIDE],
        state="open",
        audits=True,
    ),
}
