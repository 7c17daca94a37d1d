"""The directory: who is in it, how it changes, and who is suggested."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel import outbox
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound, Work, begin
from quarterdeck.operations.contacts import measuring, service, store
from quarterdeck.operations.contacts.model import (
    Channel,
    Contact,
    ContactChanged,
    Kept,
    Means,
    NoSuchContact,
    Section,
    UnusableContact,
    words_of,
)
from quarterdeck.wiring.numbers import EVERYONE

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
MAIL = Channel(means=Means.MAIL, address="dba@example.com")


def person(name: str = "database", **said: object) -> Contact:
    usual = {"title": "Database experts", "section": Section.EXPERT, "channels": (MAIL,)}
    return Contact(name=name, **usual | said)  # type: ignore[arg-type]


@pytest.fixture
def base(engine: Engine) -> Engine:
    with working(engine) as work:
        tenants.create(work, "acme", "Acme")
        tenants.create(work, "other", "Other")
    return engine


@contextmanager
def working(engine: Engine, *rights: tuple[str, str]) -> Iterator[Work]:
    actor = Actor("p-1", frozenset(rights)) if rights else installation()
    with begin(engine, actor, lambda: NOON) as work:
        yield work


def names(found: list[Kept]) -> list[str]:
    return [f"{one.tenant}/{one.contact.name}" for one in found]


def facts(engine: Engine) -> list[str]:
    with engine.connect() as db:
        told = [one.name for one in outbox.after(db, "acme", 0, 100)]
    return [name for name in told if name.startswith("Contact")]


def test_a_contact_is_entered_changed_and_removed(base: Engine) -> None:
    with working(base) as work:
        made, changed = service.put(work, "acme", person(), expected=0)
        assert (made.version, changed) == (1, True)
        assert service.put(work, "acme", person())[1] is False
        made, _ = service.put(work, "acme", person(level=2), expected=1)
        assert (made.version, service.one(work, "acme", "database")) == (2, made)
        for stale in (0, 1, 3):
            with pytest.raises(ContactChanged, match="is at version 2, not"):
                service.put(work, "acme", person(), expected=stale)
        with pytest.raises(ContactChanged, match="there is no contact other now"):
            service.put(work, "acme", person("other"), expected=3)
    with working(base) as work:
        service.remove(work, "acme", "database", expected=2)
        for gone in (service.one, service.remove):
            with pytest.raises(NoSuchContact, match="contact list"):
                gone(work, "acme", "database")
    assert facts(base) == ["ContactWritten", "ContactWritten", "ContactRemoved"]


def test_of_two_who_write_at_once_one_is_told(base: Engine) -> None:
    with working(base) as work:
        made, _ = service.put(work, "acme", person())
        own = work.require("contacts:write", "acme")
        assert store.put(work.db, own, made) is False
        later = Kept(tenant="acme", version=3, by="p", at=NOON, contact=person(level=3))
        assert store.put(work.db, own, later) is False
        assert store.remove(work.db, own, "database", 2) is False
        assert store.remove(work.db, own, "database", 1) is True


def test_nobody_sees_or_writes_anothers_contacts(base: Engine) -> None:
    with working(base) as work:
        for tenant in ("acme", "other", PLATFORM):
            service.put(work, tenant, person(topics=("database",)))
    with working(base, ("contacts:read", "acme"), ("contacts:write", "acme")) as work:
        assert names(service.directory(work)) == ["acme/database"]
        assert names(list(service.suggested(work, "acme", ["Database"]))) == ["acme/database"]
        assert service.suggested(work, "other", ["database"]) == []
        for refused in (service.one, service.remove):
            with pytest.raises((TenantNotFound, MissingPermission)):
                refused(work, "other", "database")
    with working(base, ("contacts:read", "acme")) as work, pytest.raises(MissingPermission):
        service.put(work, "acme", person())


@pytest.mark.census("ATP-468")
def test_an_alert_about_a_database_suggests_who_knows_databases(base: Engine) -> None:
    with working(base) as work:
        service.put(work, "acme", person("database", topics=("Database",)))
        service.put(work, "acme", person("network", topics=("network",)))
        service.put(work, "acme", person("vendor", section=Section.VENDOR, topics=("sql server",)))
        service.put(work, PLATFORM, person("head", section=Section.ESCALATION, topics=("atp",)))
        found = service.suggested(work, "acme", ["DatabaseDown", "atp-database", "critical"])
        assert names(list(found)) == ["_platform/head", "acme/database"]
        assert names(list(service.suggested(work, "acme", ["SQL_Server: down"]))) == ["acme/vendor"]
        assert service.suggested(work, "acme", []) == []


def test_the_directory_is_read_by_section_level_and_page(base: Engine) -> None:
    with working(base) as work:
        for number in range(5):
            service.put(work, "acme", person(f"l-{number}", level=number))
        service.put(work, "acme", person("ceo", section=Section.ESCALATION, level=3))
        assert names(service.listed(work, level=3)) == ["acme/ceo", "acme/l-3"]
        assert names(service.listed(work, section="escalation")) == ["acme/ceo"]
        assert names(service.listed(work, "acme", after=("acme", "l-2"), limit=1)) == ["acme/l-3"]
        assert names(service.directory(work))[0] == "acme/ceo"
        measuring.measure(work, EVERYONE)
    known = {s.labels["section"]: s.value for m in measuring.CONTACTS.collect() for s in m.samples}
    assert known == {"expert": 5, "escalation": 1}


def test_a_tenant_has_so_many_contacts_and_no_more(
    base: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    with working(base) as work:
        service.put(work, "acme", person())
        service.put(work, "acme", person(level=1))
        with pytest.raises(UnusableContact, match="at most 1 contacts"):
            service.put(work, "acme", person("another"))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": "Ada"}, "is no name"),
        ({"name": "a" * 65}, "is no name"),
        ({"title": " "}, "title has 1 to 500"),
        ({"title": "a\nb"}, "one line"),
        ({"note": "\0"}, "one line"),
        ({"coverage": "x" * 501}, "coverage has 0 to 500"),
        ({"level": 10}, "level is 0 to 9"),
        ({"responds_in_min": 0}, "responds_in_min is 1 to"),
        ({"channels": ()}, "1 to 50 channels"),
        ({"topics": ("x",) * 51}, "at most 50 topics"),
        ({"topics": ("",)}, "a topic or tenant has 1"),
    ],
)
def test_what_cannot_be_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(UnusableContact, match=why):
        person(**said)


@pytest.mark.parametrize("address", ["", "compliance@", "@host", "a b@c", "a@b@c", "no mail"])
def test_a_mail_address_has_a_name_and_a_host(address: str) -> None:
    with pytest.raises(UnusableContact):
        Channel(means=Means.MAIL, address=address)


@given(st.lists(st.text(max_size=30), max_size=4), st.text(max_size=30))
def test_who_knows_a_word_is_found_by_any_text_that_holds_it(texts: list[str], topic: str) -> None:
    knows = words_of([topic])
    if topic.strip() and len(knows) == 1 and "\n" not in topic and topic.isprintable():
        one = person(topics=(topic,))
        assert one.knows(words_of([*texts, f"atp-{topic.upper()}_x"]) | knows)
        assert one.knows(words_of(texts)) == (knows <= words_of(texts))
