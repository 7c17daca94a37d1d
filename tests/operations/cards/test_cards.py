"""Quick-reference cards: kept, changed, taken away, and shown beside an incident."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel import outbox
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound, Work, begin
from quarterdeck.operations.cards import service
from quarterdeck.operations.cards.model import (
    MAX_STEPS,
    Card,
    CardChanged,
    NoSuchCard,
    Step,
    UnusableCard,
)

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
WORDS = st.text("ab cé-é", max_size=20)


def card(name: str = "critical", **said: object) -> Card:
    usual = {"title": "Critical incident", "steps": (Step(text="Acknowledge the page"),)}
    return Card(name=name, **usual | said)  # type: ignore[arg-type]


@contextmanager
def working(engine: Engine, *rights: tuple[str, str]) -> Iterator[Work]:
    actor = Actor("p-1", frozenset(rights)) if rights else installation()
    with begin(engine, actor, lambda: NOON) as work:
        yield work


@pytest.fixture
def base(engine: Engine) -> Engine:
    with working(engine) as work:
        tenants.create(work, "acme", "Acme")
        tenants.create(work, "other", "Other")
    return engine


def test_a_card_is_kept_changed_and_taken_away(base: Engine) -> None:
    with working(base) as work:
        made, changed = service.put(work, "acme", card(), expected=0)
        assert (made.version, changed) == (1, True)
        assert service.put(work, "acme", card())[1] is False
        made, _ = service.put(work, "acme", card(use="at night"), expected=1)
        assert (made.version, service.one(work, "acme", "critical")) == (2, made)
        for stale in (0, 1, 3):
            with pytest.raises(CardChanged, match="is at version 2, not"):
                service.put(work, "acme", card(), expected=stale)
        with pytest.raises(CardChanged, match="there is no card other now"):
            service.put(work, "acme", card("other"), expected=3)
    with working(base) as work:
        service.remove(work, "acme", "critical", expected=2)
        for gone in (service.one, service.remove):
            with pytest.raises(NoSuchCard):
                gone(work, "acme", "critical")
    with base.connect() as db:
        told = [one.name for one in outbox.after(db, "acme", 0, 100)]
    assert [name for name in told if name.startswith("Card")] == [
        "CardWritten",
        "CardWritten",
        "CardRemoved",
    ]


def test_an_incident_has_the_cards_of_its_severity(base: Engine) -> None:
    with working(base) as work:
        service.put(work, "acme", card("worst", severities=("SEV-1",)))
        service.put(work, "acme", card("logs"))
        service.put(work, PLATFORM, card("ours", severities=("p1",)))
        service.put(work, "other", card("theirs"))
        found = service.beside(work, "acme", frozenset({"SEV-1", "P1"}))
        assert [one.name for one in found] == ["worst", "ours"]
        assert service.beside(work, "acme", frozenset({"SEV-2"})) == []


def test_who_may_not_see_a_tenant_sees_none_of_its_cards(base: Engine) -> None:
    with working(base) as work:
        service.put(work, "acme", card())
    reader = (("cards:read", "other"),)
    with working(base, *reader) as work:
        assert service.listed(work) == []
        assert service.beside(work, "acme", frozenset()) == []
        with pytest.raises(TenantNotFound):
            service.one(work, "acme", "critical")
    with pytest.raises(MissingPermission), working(base, *reader) as work:
        service.put(work, "other", card())


def test_a_tenant_has_only_so_many(base: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    with working(base) as work:
        service.put(work, "acme", card())
        with pytest.raises(UnusableCard, match="at most 1 cards"):
            service.put(work, "acme", card("second"))


@pytest.mark.parametrize(
    "said",
    [
        {"name": "Not a name"},
        {"title": " "},
        {"title": "two\nlines"},
        {"use": "a\0b"},
        {"steps": ()},
        {"steps": tuple(Step(text=str(n)) for n in range(MAX_STEPS + 1))},
        {"severities": ("",)},
    ],
)
def test_what_cannot_be_a_card_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(UnusableCard):
        card(**{"name": "x"} | said)  # type: ignore[arg-type]


@pytest.mark.parametrize("said", [{"text": ""}, {"text": "x", "url": "javascript:alert(1)"}])
def test_a_step_says_something_and_leads_to_a_page(said: dict[str, str]) -> None:
    with pytest.raises(UnusableCard):
        Step(**said)


@given(severities=st.lists(st.text("PSEV-123", min_size=1, max_size=5), max_size=3), use=WORDS)
def test_what_is_written_is_read_again(severities: list[str], use: str) -> None:
    one = card(severities=tuple(severities), use=use)
    assert msgspec.json.decode(msgspec.json.encode(one), type=Card) == one
    assert one.is_for(frozenset(severities)) == bool(severities)
