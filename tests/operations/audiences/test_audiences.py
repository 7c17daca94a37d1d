"""Audiences: kept, changed, taken away; their templates, which name only what there is."""

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
from quarterdeck.kernel.work import ANY, Actor, MissingPermission, Tenants, Work, begin
from quarterdeck.operations.audiences import measuring, service
from quarterdeck.operations.audiences.model import (
    Audience,
    AudienceChanged,
    NoSuchAudience,
    UnusableAudience,
    names_for,
)

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
VALUES = {name: f"<{name}>" for name in names_for(customers=False)}


def audience(name: str = "engineering", **said: object) -> Audience:
    usual: dict[str, object] = {"title": "Engineering", "channels": ("ops",)}
    usual |= {"subject": "${incident}: ${symptom}", "text": "${update}"}
    return Audience(name=name, **usual | said)  # type: ignore[arg-type]


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


def test_an_audience_is_kept_changed_and_taken_away(base: Engine) -> None:
    with working(base) as work:
        made, changed = service.put(work, "acme", audience(), expected=0)
        assert (made.version, changed) == (1, True)
        assert service.put(work, "acme", audience())[1] is False
        made, _ = service.put(work, "acme", audience(text="$update!"), expected=1)
        assert (made.version, service.one(work, "acme", "engineering")) == (2, made)
        for stale in (0, 1, 3):
            with pytest.raises(AudienceChanged, match="is at version 2, not"):
                service.put(work, "acme", audience(), expected=stale)
        measuring.measure(work, Tenants(frozenset({ANY})))
        [family] = measuring.AUDIENCES.collect()
        assert {one.labels["tenant"]: one.value for one in family.samples} == {"acme": 1}
        service.remove(work, "acme", "engineering", expected=2)
        for gone in (service.one, service.remove):
            with pytest.raises(NoSuchAudience):
                gone(work, "acme", "engineering")
    with base.connect() as db:
        told = [one.name for one in outbox.after(db, "acme", 0, 100)]
    written = ["AudienceWritten", "AudienceWritten", "AudienceRemoved"]
    assert [name for name in told if name.startswith("Audience")] == written


def test_a_tenants_own_come_before_the_platforms_and_no_other_tenants(base: Engine) -> None:
    with working(base) as work:
        service.put(work, PLATFORM, audience(title="Ours"))
        service.put(work, PLATFORM, audience("management", title="Bosses"))
        service.put(work, "acme", audience(title="Theirs"))
        service.put(work, "other", audience("legal"))
        found = {name: kept.audience.title for name, kept in service.known(work, "acme").items()}
    assert found == {"engineering": "Theirs", "management": "Bosses"}


def test_who_may_not_write_writes_none(base: Engine) -> None:
    reader = (("audiences:read", "acme"),)
    with pytest.raises(MissingPermission), working(base, *reader) as work:
        service.put(work, "acme", audience())


def test_a_tenant_has_only_so_many(base: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    with working(base) as work:
        service.put(work, "acme", audience())
        with pytest.raises(UnusableAudience, match="at most 1 audiences"):
            service.put(work, "acme", audience("second"))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": "Not a name"}, "is no name"),
        ({"title": " "}, "title is one line"),
        ({"subject": "two\nlines"}, "subject is one line"),
        ({"text": ""}, "text has 1 to"),
        ({"text": "a\0b"}, "without NUL"),
        ({"channels": ()}, "names channels or contacts"),
        ({"channels": ("x",) * 51}, "at most 50"),
        ({"channels": ("",)}, "a channel, contact or severity"),
        ({"text": "${comander} leads"}, r"no name \$\{comander\}; there are .*commander"),
        ({"text": "${update.__class__}"}, r"written \$\$"),
        ({"subject": "costs $5"}, r"written \$\$"),
        ({"customers": True}, "names nobody else"),
        ({"customers": True, "channels": (), "severities": ("SEV-1",)}, "names nobody else"),
        ({"customers": True, "channels": (), "text": "${customers}"}, r"no name \$\{customers\}"),
        ({"customers": True, "channels": (), "text": "${commander}"}, r"no name \$\{commander\}"),
        ({"name": "customers"}, "not the customers is not named customers"),
        ({"text": "${customer}"}, r"no name \$\{customer\}"),
    ],
)
def test_what_cannot_be_an_audience_is_refused(said: dict[str, object], why: str) -> None:
    with pytest.raises(UnusableAudience, match=why):
        audience(**{"name": "x"} | said)  # type: ignore[arg-type]


WORDS = st.text("ab ${}$é\n<>", max_size=30)


@given(WORDS, WORDS)
def test_what_is_put_in_is_never_looked_at_for_names(update: str, symptom: str) -> None:
    one = audience(text="a ${update} $$ ${severity}", subject="${symptom}!")
    subject, text = one.filled(VALUES | {"update": update, "symptom": symptom})
    assert text == f"a {update} $ <severity>"
    assert subject == " ".join(f"{symptom}!".split())


@given(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))
def test_every_name_that_is_taken_is_filled_and_read_again(names: list[str]) -> None:
    one = audience(text=" ".join(f"${{{name}}}" for name in names))
    assert one.filled(VALUES)[1] == " ".join(f"<{name}>" for name in names)
    assert all(one.uses(name) for name in names)
    assert msgspec.json.decode(msgspec.json.encode(one), type=Audience) == one
