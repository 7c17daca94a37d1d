import pytest

from access.stage import Stage
from quarterdeck.access.authentication.model import Unauthenticated, Why
from quarterdeck.access.authentication.signin import sign_in, sign_in_as, sign_out
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Identity, Kind, Scope
from quarterdeck.access.sessions import service as sessions
from quarterdeck.access.sessions.model import NoSuchSession
from quarterdeck.access.sessions.store import sessions as table
from quarterdeck.access.tokens import service as tokens

ADA = Identity(issuer="https://id.example", subject="1", email="ada@example.com")


def test_a_session_has_the_rights_and_scope_of_the_token_that_opened_it(stage: Stage) -> None:
    bob = stage.someone("sre")
    issued = stage.token(bob, scope=Scope(tenants=frozenset({"acme"})))
    access = stage.authenticator()
    opened = sign_in(access, issued.secret)
    found = access.session(opened.cookie)
    assert found.actor == access.actor(issued.secret)
    assert (found.session, found.csrf) == (opened.session.id, opened.session.csrf)
    (fact,) = stage.told("SignedIn")
    assert (fact.actor, fact.payload["method"]) == (bob.id, "token")


def test_a_session_ends_with_the_token_that_opened_it(stage: Stage) -> None:
    issued = stage.token(stage.someone("sre"), days=0.5)
    access = stage.authenticator()
    opened = sign_in(access, issued.secret)
    assert opened.session.expires_at == issued.token.expires_at
    access.session(opened.cookie)
    with stage.work() as work:
        tokens.revoke(work, issued.token.id)
    with pytest.raises(Unauthenticated) as refusal:
        access.session(opened.cookie)
    assert refusal.value.why is Why.REVOKED


def test_an_unused_session_ends_and_a_used_one_lasts_a_day(stage: Stage) -> None:
    access = stage.authenticator()
    issued = stage.token(stage.someone("sre"))
    busy, idle = sign_in(access, issued.secret), sign_in(access, issued.secret)
    stage.pass_time(hours=11)
    access.session(busy.cookie)
    stage.pass_time(hours=1)
    with pytest.raises(Unauthenticated) as refusal:
        access.session(idle.cookie)
    assert refusal.value.why is Why.EXPIRED
    stage.pass_time(hours=10)
    access.session(busy.cookie)
    stage.pass_time(hours=2)
    with pytest.raises(Unauthenticated):
        access.session(busy.cookie)


def test_a_session_busy_in_another_process_is_not_idle_here(stage: Stage) -> None:
    here, there = stage.authenticator(), stage.authenticator()
    opened = sign_in(here, stage.token(stage.someone("sre")).secret)
    here.session(opened.cookie)
    stage.pass_time(hours=10)
    there.session(opened.cookie)
    there.write_uses()
    stage.pass_time(hours=10)
    here.session(opened.cookie)


def test_a_heartbeat_keeps_no_session_awake(stage: Stage) -> None:
    access = stage.authenticator()
    opened = sign_in(access, stage.token(stage.someone("sre")).secret)
    actor = access.session(opened.cookie).actor
    stage.pass_time(hours=11)
    assert access.still_good(opened.cookie, actor)
    stage.pass_time(hours=1)
    assert not access.still_good(opened.cookie, actor)


def test_signing_out_ends_the_session_once(stage: Stage) -> None:
    access = stage.authenticator()
    opened = sign_in(access, stage.token(stage.someone("sre")).secret)
    sign_out(access, opened.cookie)
    sign_out(access, opened.cookie)
    sign_out(access, "nonsense")
    with pytest.raises(Unauthenticated):
        access.session(opened.cookie)
    assert [f.payload["session"] for f in stage.told("SignedOut")] == [opened.session.id]


def test_an_identity_signs_in_once_an_admin_added_its_address(stage: Stage) -> None:
    access = stage.authenticator()
    with pytest.raises(Unauthenticated, match=r"ask an admin .*ada@example.com"):
        sign_in_as(access, ADA)
    with stage.work() as work:
        ada = principals.create(work, Kind.PERSON, "Ada", email="ada@example.com")
        principals.grant(work, ada.id, "sre", "_platform")
    opened = sign_in_as(access, ADA)
    assert access.session(opened.cookie).actor.may("services:scale", "acme")
    again = sign_in_as(access, Identity(issuer=ADA.issuer, subject=ADA.subject))
    assert again.session.principal == ada.id
    assert {f.actor for f in stage.told("SignedIn") + stage.told("PrincipalLinked")} == {ada.id}
    with pytest.raises(Unauthenticated):
        sign_in_as(access, Identity(issuer="https://evil.example", subject="1", email=ADA.email))
    with stage.work() as work:
        principals.disable(work, ada.id)
    with pytest.raises(Unauthenticated):
        sign_in_as(access, ADA)


def test_one_ends_ones_own_session_and_security_anyones(stage: Stage) -> None:
    stage.tenant("acme")
    access = stage.authenticator()
    bob, guard = stage.someone("sre"), stage.actor(stage.someone("security"))
    stranger = stage.actor(stage.someone("tenant-admin", on="acme"))
    issued = stage.token(bob)
    one, other = sign_in(access, issued.secret), sign_in(access, issued.secret)
    with pytest.raises(NoSuchSession), stage.work(stranger) as work:
        sessions.end(work, one.session.id)
    with stage.work(access.session(one.cookie).actor) as work:
        assert len(sessions.sessions(work, principal=bob.id)) == 2
        sessions.end(work, one.session.id)
    with stage.work(guard) as work:
        assert [s.id for s in sessions.sessions(work)] == [other.session.id]
        sessions.end(work, other.session.id)
    for opened in (one, other):
        with pytest.raises(Unauthenticated):
            access.session(opened.cookie)


def test_sessions_that_ended_long_ago_are_forgotten_at_the_next_sign_in(stage: Stage) -> None:
    bob, access = stage.someone("sre"), stage.authenticator()

    def kept() -> int:
        sign_in(access, stage.token(bob).secret)
        with stage.engine.connect() as db:
            return len(db.execute(table.select()).all())

    assert kept() == 1
    stage.pass_time(days=31)
    assert kept() == 2
    stage.pass_time(seconds=1)
    assert kept() == 2
