"""The ladder of severities: whose holds, what it says, and which severity something is."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, MissingPermission, Work, begin
from quarterdeck.operations.severities import service, store
from quarterdeck.operations.severities.house import LADDER
from quarterdeck.operations.severities.model import (
    Flag,
    Kept,
    Kind,
    Ladder,
    Notice,
    Severity,
    UnknownSeverity,
    UnknownWord,
    UnusableLadder,
)

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
WORDS = Ladder(
    severities=(Severity(name="high", title="High"), Severity(name="low", title="Low")),
    kinds=(Kind(name="violation", title="Violation", severity="low", by={"critical": "high"}),),
)


@pytest.fixture
def base(engine: Engine) -> Engine:
    with working(engine) as work:
        tenants.create(work, "acme", "Acme")
    return engine


@contextmanager
def working(engine: Engine, *rights: tuple[str, str]) -> Iterator[Work]:
    actor = Actor("p-1", frozenset(rights)) if rights else installation()
    with begin(engine, actor, lambda: NOON) as work:
        yield work


def test_a_tenants_own_holds_else_the_platforms_else_the_houses(base: Engine) -> None:
    with working(base) as work:
        assert service.standing(work, "acme").version == 0
        assert service.ladder(work.db, "acme") == LADDER
        service.put(work, PLATFORM, WORDS)
        assert service.ladder(work.db, "acme") == WORDS
        made, changed = service.put(work, "acme", LADDER)
        assert (made.version, changed) == (1, True)
        assert service.put(work, "acme", LADDER)[1] is False
        assert service.ladder(work.db, "acme") == LADDER
        assert service.put(work, "acme", WORDS)[0].version == 2
        assert service.owners(work) == [PLATFORM, "acme"]
    assert [e.event.tenant for e in work.published].count("acme") == 2


def test_of_two_who_write_at_once_one_is_told_and_readers_write_none(base: Engine) -> None:
    with working(base) as work:
        made, _ = service.put(work, "acme", WORDS)
        own = work.require("severities:write", "acme")
        assert store.put(work.db, own, made) is False
        later = Kept(tenant="acme", version=3, by="p", at=NOON, ladder=WORDS)
        assert store.put(work.db, own, later) is False
    with working(base, ("incidents:read", "acme")) as work, pytest.raises(MissingPermission):
        service.put(work, "acme", LADDER)


@pytest.mark.census("ATP-161", "ATP-168", "ATP-174", "ATP-178")
def test_each_example_of_the_runbook_is_of_its_severity() -> None:
    found = Counter(
        LADDER.classify(one.impact, one.urgency, one.flags).severity.name for one in LADDER.examples
    )
    assert found == {"SEV-1": 5, "SEV-2": 5, "SEV-3": 5, "SEV-4": 4}


@pytest.mark.parametrize("word", ["SEV-1", "sev-1", "P1", "p1", "Critical", " critical "])
def test_a_severity_has_other_names(word: str) -> None:
    assert LADDER.severity(word).name == "SEV-1"


def test_what_a_severity_demands_is_as_the_runbook_says() -> None:
    one, two, three, four = LADDER.severities
    clocks = [
        (s.respond_min, s.resolve_min, s.war_room_min, s.update_min) for s in LADDER.severities
    ]
    assert clocks == [
        (5, 240, 0, 15),
        (15, 480, 30, 30),
        (60, 1440, None, None),
        (None, 10080, None, None),
    ]
    assert (one.notice_min, two.notice_min) == (0, 60)
    assert (three.notice, four.notice) == (Notice.INTERNAL, Notice.NONE)
    assert [s.name for s in LADDER.severities if s.freeze] == ["SEV-1"]


def test_a_flag_raises_and_never_lowers() -> None:
    assert LADDER.classify("none", "low", [Flag.INTEGRITY]).because == "integrity is at least SEV-1"
    calm = LADDER.classify("few", "low", [Flag.CUSTOMER_IMPACT])
    assert (calm.severity.name, calm.because) == ("SEV-3", "impact few, urgency low")
    assert LADDER.proposed("SEV-1", [Flag.INTEGRITY]) is None
    raised = LADDER.proposed("SEV-2", [Flag.CUSTOMER_IMPACT, Flag.INTEGRITY])
    assert raised is not None
    assert raised.severity.name == "SEV-1"


def test_what_is_no_word_of_the_ladder_says_which_there_are() -> None:
    for impact, urgency, why in (("vast", "high", "outage, many"), ("few", "now", "high, normal")):
        with pytest.raises(UnknownWord, match=why):
            LADDER.classify(impact, urgency)
    with pytest.raises(UnknownSeverity, match="SEV-1/P1/critical, SEV-2"):
        LADDER.severity("SEV-5")
    with pytest.raises(UnknownWord, match="there are outage"):
        LADDER.kind("flood")
    assert WORDS.kind("violation").severity_for("Critical") == "high"
    assert WORDS.kind("violation").severity_for("minor") == "low"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"severities": ()}, "1 to 100 severities"),
        ({"severities": (*LADDER.severities, LADDER.severities[0])}, "stands twice"),
        ({"matrix": {}}, "one row for each impact"),
        ({"matrix": LADDER.matrix | {"few": {"high": "SEV-1"}}}, "at few"),  # type: ignore[operator]
        ({"flags": {Flag.SECURITY: "SEV-9"}}, "no severity 'SEV-9'"),
        ({"kinds": (Kind(name="x", title="X", severity="SEV-9"),)}, "no severity 'SEV-9'"),
        ({"flags": {}}, "the example 'Data corruption detected' is SEV-1, the matrix says SEV-2"),
    ],
)
def test_a_ladder_that_contradicts_itself_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(UnusableLadder, match=why):
        replace(LADDER, **said)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": "S 1"}, "is no name"),
        ({"title": " "}, "title has 1 to 500"),
        ({"definition": "a\nb"}, "one line"),
        ({"respond_min": -1}, "minutes are 0 to"),
        ({"update_min": 0}, "update_min is at least 1"),
    ],
)
def test_a_severity_that_cannot_be_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(UnusableLadder, match=why):
        replace(LADDER.severities[0], **said)
