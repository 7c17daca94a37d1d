"""Channels: how they are kept, who may see them, and that nobody sees their secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel import outbox
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound, Work, begin
from quarterdeck.operations.channels.model.apprise import unusable
from quarterdeck.operations.channels.model.channel import (
    Channel,
    ChannelChanged,
    Kept,
    Kind,
    NoSuchChannel,
    UnusableChannel,
)
from quarterdeck.operations.channels.ports import SecretLost
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.channels.store import channels as store
from quarterdeck.providers.sealing.safe import KeySafe
from quarterdeck.trail.keys.keystore import KeyStore

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
URL = "https://hooks.slack.com/services/T0/B0/x"
OPS = Channel(name="ops", kind=Kind.SLACK, place="#ops")


@pytest.fixture
def base(engine: Engine) -> Engine:
    with working(engine) as work:
        tenants.create(work, "acme", "Acme")
        tenants.create(work, "other", "Other")
    return engine


@pytest.fixture
def safe(tmp_path: Path) -> KeySafe:
    return KeySafe(KeyStore(tmp_path / "keys"))


@contextmanager
def working(engine: Engine, *rights: tuple[str, str]) -> Iterator[Work]:
    actor = Actor("p-1", frozenset(rights)) if rights else installation()
    with begin(engine, actor, lambda: NOON) as work:
        yield work


def test_a_channel_is_entered_changed_and_removed(base: Engine, safe: KeySafe) -> None:
    with working(base) as work:
        made, changed = keeping.put(work, "acme", OPS, expected=0)
        assert (made.version, changed, "needs its secret" in made.lacks) == (1, True, True)
        assert keeping.put(work, "acme", OPS)[1] is False
        made, _ = keeping.put(work, "acme", OPS, secret=URL, safe=safe, expected=1)
        assert (made.version, made.lacks) == (2, "")
        assert keeping.one(work, "acme", "ops") == made
        for stale in (0, 1, 3):
            with pytest.raises(ChannelChanged, match="is at version 2, not"):
                keeping.put(work, "acme", OPS, expected=stale)
        other = Kept(tenant="acme", version=4, by="p", at=NOON, channel=OPS)
        assert store.put(work.db, work.require("channels:write", "acme"), other) is False
        assert keeping.names(work.db, "acme") == {"ops"}
        keeping.remove(work, "acme", "ops", expected=2)
        for gone in (keeping.one, keeping.remove):
            with pytest.raises(NoSuchChannel, match="channel list"):
                gone(work, "acme", "ops")
    with base.connect() as db:
        told = [one.name for one in outbox.after(db, "acme", 0, 100)]
    assert told[-3:] == ["ChannelWritten", "ChannelWritten", "ChannelRemoved"]


def test_a_secret_is_sealed_for_its_place_and_stays_while_the_receiver_does(
    base: Engine, safe: KeySafe
) -> None:
    with working(base) as work:
        kept, _ = keeping.put(work, "acme", OPS, secret=URL, safe=safe)
        renamed = Channel(name="ops", kind=Kind.SLACK, place="#operations")
        kept, _ = keeping.put(work, "acme", renamed)
        assert keeping.secret_of(kept, safe) == URL
        text = "\n".join(map(str, work.db.execute(select(store.channels)).all()))
        assert "hooks.slack.com" not in text
        assert "hooks.slack.com" not in repr(kept)
        with pytest.raises(SecretLost):
            safe.open("other", "ops", kept.sealed)
        with pytest.raises(SecretLost):
            safe.open("acme", "another", kept.sealed)
        teams = Channel(name="ops", kind=Kind.TEAMS)
        assert keeping.put(work, "acme", teams)[0].lacks  # a secret of another kind is none
        hook = Channel(name="hook", kind=Kind.WEBHOOK, url="https://acme.example/a")
        keeping.put(work, "acme", hook, secret="s" * 20, safe=safe)
        moved = Channel(name="hook", kind=Kind.WEBHOOK, url="https://evil.example/a")
        assert keeping.put(work, "acme", moved)[0].sealed == ""


def test_nobody_sees_or_writes_anothers_channels(base: Engine, safe: KeySafe) -> None:
    with working(base) as work:
        for tenant in ("acme", "other"):
            keeping.put(work, tenant, OPS)
    with working(base, ("channels:read", "acme"), ("channels:write", "acme")) as work:
        assert [kept.tenant for kept in keeping.listed(work)] == ["acme"]
        for refused in (keeping.one, keeping.remove):
            with pytest.raises((TenantNotFound, MissingPermission)):
                refused(work, "other", "ops")
    with working(base, ("channels:read", "acme")) as work, pytest.raises(MissingPermission):
        keeping.put(work, "acme", OPS, secret=URL, safe=safe)


def test_a_tenant_has_so_many_channels(base: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST", 1)
    with working(base) as work:
        keeping.put(work, "acme", OPS)
        with pytest.raises(UnusableChannel, match="at most 1"):
            keeping.put(work, "acme", Channel(name="more", kind=Kind.TEAMS))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": "Ops"}, "is no name"),
        ({"kind": Kind.EMAIL}, "has recipients"),
        ({"to": ("a@b",)}, "has recipients"),
        ({"kind": Kind.EMAIL, "to": ("nobody",)}, "is no mail address"),
        ({"kind": Kind.EMAIL, "to": ("a@b, c@d",)}, "is no mail address"),
        ({"kind": Kind.EMAIL, "to": ("a@b",) * 51}, "at most 50"),
        ({"kind": Kind.WEBHOOK}, "has an address"),
        ({"url": "https://a.example"}, "has an address"),
        ({"kind": Kind.WEBHOOK, "url": "http://a.example"}, "https://HOST/PATH"),
        ({"kind": Kind.WEBHOOK, "url": "https://u:p@a.example"}, "without a password"),
        ({"kind": Kind.WEBHOOK, "url": "https://a.example:0/"}, "https://HOST/PATH"),
        ({"kind": Kind.WEBHOOK, "url": "https://[a"}, "https://HOST/PATH"),
        ({"place": "a\nb"}, "one line"),
        ({"note": "\0"}, "one line"),
    ],
)
def test_what_cannot_be_is_refused(said: dict[str, Any], why: str) -> None:
    usual: dict[str, Any] = {"name": "ops", "kind": Kind.SLACK}
    with pytest.raises(UnusableChannel, match=why):
        Channel(**usual | said)


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        (Kind.SLACK, "a word"),
        (Kind.SLACK, "http://hooks.slack.com/x"),
        (Kind.SLACK, "xoxb-1-a"),  # it says no place
        (Kind.TEAMS, "a word"),
        (Kind.PAGERDUTY, "https://events.pagerduty.com"),
        (Kind.WEBHOOK, "short"),
        (Kind.TEAMS, "https://a.example/é"),
        (Kind.APPRISE, "a word"),
        (Kind.APPRISE, "pover://"),
        (Kind.APPRISE, "tgram://1:a/2 tgram://1:b/2"),
        (Kind.APPRISE, "DBus://session"),
        (Kind.APPRISE, "syslog://local5"),
    ],
)
def test_a_secret_that_cannot_be_one_is_refused_and_not_repeated(
    base: Engine, safe: KeySafe, kind: Kind, secret: str
) -> None:
    url = "https://acme.example/hook" if kind is Kind.WEBHOOK else ""
    with working(base) as work:
        channel = Channel(name="ops", kind=kind, url=url)
        with pytest.raises(UnusableChannel) as refused:
            keeping.put(work, "acme", channel, secret=secret, safe=safe)
        assert secret not in str(refused.value)
        mail = Channel(name="mail", kind=Kind.EMAIL, to=("a@b",))
        with pytest.raises(UnusableChannel, match="no secret"):
            keeping.put(work, "acme", mail, secret="s" * 20, safe=safe)


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("slack://a/b/c?template=/etc/passwd", True),
        ("slack://a/b/c?x=1;+TEMPL%2541TE=/etc/passwd", True),
        ("fcm://project/device?mode=x&keyfile=https://q.example/", True),
        ("vapid://a@b.example/?subfile=x", True),
        ("mailtos://a:b@c.example?pgppub=x", True),
        ("https://discord.com/api/webhooks/1/x?template=x", True),
        ("onesignal://4f3e:app@key/player?template=an-id", False),
        ("ntfys://ntfy.example/template?tags=keyfile", False),
        ("ntfys://keyfile=x@ntfy.example/topic", False),
    ],
)
def test_an_address_names_no_file_of_the_machine(
    address: str,
    refused: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    assert ("names a file of this machine" in unusable(address)) is refused


def test_a_channel_by_apprise_is_kept_where_apprise_is_installed(
    base: Engine, safe: KeySafe, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, url = Channel(name="ops", kind=Kind.APPRISE), "tgram://123456789:a-token/42"
    with working(base) as work:
        kept, _ = keeping.put(work, "acme", channel, secret=url, safe=safe)
        assert (kept.lacks, url in repr(kept)) == ("", False)
        monkeypatch.setattr(keeping, "find_spec", lambda _: None)
        with pytest.raises(UnusableChannel, match=r"pip install 'quarterdeck\[apprise\]'"):
            keeping.put(work, "acme", Channel(name="more", kind=Kind.APPRISE))
