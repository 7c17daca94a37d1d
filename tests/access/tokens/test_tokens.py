from datetime import timedelta
from threading import Barrier, Thread

import pytest

from access.stage import ROOT, Stage
from quarterdeck.access.authentication.model import Unauthenticated, Why
from quarterdeck.access.authentication.signin import sign_in
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import (
    BeyondOwnRights,
    Kind,
    NoSuchPrincipal,
    PrincipalIsDisabled,
    Scope,
)
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import (
    Issued,
    NoSuchToken,
    PeopleMakeTheirOwn,
    TokenHasEnded,
    Wanted,
)
from quarterdeck.access.tokens.service import AdminExists
from quarterdeck.access.tokens.store import tokens as table
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PrincipalId
from quarterdeck.kernel.work import Actor, MissingPermission

DAY = timedelta(days=1)


def test_a_token_is_shown_once_and_only_its_digest_is_kept(stage: Stage) -> None:
    issued = stage.token(stage.someone("sre"))
    prefix, token_id, random = issued.secret.split("_", 2)
    assert (prefix, token_id, len(random)) == ("qd", issued.token.id, 43)
    with stage.engine.connect() as db:
        (row,) = db.execute(table.select())
    assert random not in str(tuple(row))
    assert random not in repr(stage.told())
    assert [f.payload["token"] for f in stage.told("TokenIssued")] == [issued.token.id]


def test_a_token_does_what_its_principal_may_within_its_scope(stage: Stage) -> None:
    bob = stage.someone("sre")
    scope = Scope(
        permissions=frozenset({"health:read", "keys:rotate"}), tenants=frozenset({"acme"})
    )
    actor = stage.authenticator().actor(stage.token(bob, scope=scope).secret)
    assert actor.id == bob.id
    assert actor.grants == {("health:read", "acme")}


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_life_that_is_over_or_too_long_is_refused(stage: Stage, days: int) -> None:
    bob = stage.someone("sre")
    with pytest.raises(Invalid, match="expires_at"):
        stage.token(bob, days=days)


def test_nobody_mints_more_than_they_hold(stage: Stage) -> None:
    stage.tenant("acme")
    boss = stage.actor(stage.someone("tenant-admin", on="acme"))
    with stage.work() as work:
        bot = principals.create(work, Kind.PROGRAM, "bot", home="acme")
        principals.grant(work, bot.id, "security", "acme")
    wanted = Wanted(principal=bot.id, name="x", expires_at=stage.now + DAY)
    with pytest.raises(BeyondOwnRights), stage.work(boss) as work:
        tokens.create(work, wanted)
    theirs = stage.token(bot)
    with pytest.raises(BeyondOwnRights), stage.work(boss) as work:
        tokens.rotate(work, theirs.token.id)
    narrow = Scope(permissions=frozenset({"health:read"}))
    with stage.work(boss) as work:
        tokens.create(
            work, Wanted(principal=bot.id, name="x", expires_at=stage.now + DAY, scope=narrow)
        )


def test_a_scoped_token_mints_no_wider_one_for_its_own_principal(stage: Stage) -> None:
    bob = stage.someone("sre")
    scope = Scope(permissions=frozenset({"tokens:own", "health:read"}))
    actor = stage.authenticator().actor(stage.token(bob, scope=scope).secret)
    wide = Wanted(principal=bob.id, name="wide", expires_at=stage.now + DAY)
    same = Wanted(principal=bob.id, name="same", expires_at=stage.now + DAY, scope=scope)
    with pytest.raises(BeyondOwnRights), stage.work(actor) as work:
        tokens.create(work, wide)
    with stage.work(actor) as work:
        tokens.create(work, same)


def test_people_make_their_own_and_get_only_a_first_sign_in_from_others(stage: Stage) -> None:
    ada = stage.someone("sre", kind=Kind.PERSON)
    wanted = Wanted(principal=ada.id, name="x", expires_at=stage.now + DAY)
    first = Wanted(principal=ada.id, name="x", expires_at=stage.now + DAY, single_use=True)
    long = Wanted(principal=ada.id, name="x", expires_at=stage.now + 2 * DAY, single_use=True)
    with pytest.raises(PeopleMakeTheirOwn), stage.work() as work:
        tokens.create(work, wanted)
    with pytest.raises(Invalid, match="24 hours"), stage.work() as work:
        tokens.create(work, long)
    with stage.work() as work:
        tokens.create(work, first)
    with stage.work(stage.actor(ada)) as work:
        own = tokens.create(work, wanted)
    with pytest.raises(PeopleMakeTheirOwn), stage.work() as work:
        tokens.rotate(work, own.token.id)


def test_rotation_overlaps_and_then_the_old_one_ends(stage: Stage) -> None:
    old = stage.token(stage.someone("sre"), days=30)
    access = stage.authenticator()
    stage.pass_time(days=29.9)
    with stage.work() as work:
        new = tokens.rotate(work, old.token.id, overlap=timedelta(minutes=10))
    assert access.actor(old.secret) == access.actor(new.secret)
    assert new.token.expires_at == stage.now + 30 * DAY
    stage.pass_time(minutes=10)
    with pytest.raises(Unauthenticated) as refusal:
        access.actor(old.secret)
    assert refusal.value.why is Why.EXPIRED
    access.actor(new.secret)
    (fact,) = stage.told("TokenRotated")
    assert fact.payload["successor"] == new.token.id


def test_without_an_overlap_the_old_token_is_refused_at_once(stage: Stage) -> None:
    old, access = stage.token(stage.someone("sre")), stage.authenticator()
    access.actor(old.secret)
    with stage.work() as work:
        tokens.rotate(work, old.token.id)
    with pytest.raises(Unauthenticated):
        access.actor(old.secret)


def test_an_overlap_never_lengthens_the_old_tokens_life(stage: Stage) -> None:
    old = stage.token(stage.someone("sre"), days=1)
    with stage.work() as work:
        tokens.rotate(work, old.token.id, overlap=2 * DAY)
    stage.pass_time(days=1)
    with pytest.raises(Unauthenticated):
        stage.authenticator().actor(old.secret)
    other = stage.token(stage.someone("sre"))
    with pytest.raises(Invalid, match="overlap"), stage.work() as work:
        tokens.rotate(work, other.token.id, overlap=8 * DAY)


def test_of_two_rotations_at_once_one_wins(stage: Stage) -> None:
    old, ready = stage.token(stage.someone("sre")), Barrier(2)
    new, refused = list[Issued](), list[TokenHasEnded]()

    def rotate() -> None:
        ready.wait()
        try:
            with stage.work() as work:
                issued = tokens.rotate(work, old.token.id, overlap=DAY)
            new.append(issued)
        except TokenHasEnded as error:
            refused.append(error)

    threads = [Thread(target=rotate), Thread(target=rotate)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(new), len(refused)) == (1, 1)
    with stage.look() as work:
        kept = {t.id for t in tokens.tokens(work)}
    assert kept == {old.token.id, new[0].token.id}


def test_a_revoked_token_is_refused_and_says_why(stage: Stage) -> None:
    issued, access = stage.token(stage.someone("sre")), stage.authenticator()
    access.actor(issued.secret)
    with stage.work() as work:
        tokens.revoke(work, issued.token.id)
    with pytest.raises(Unauthenticated) as refusal:
        access.actor(issued.secret)
    assert refusal.value.why is Why.REVOKED
    with pytest.raises(TokenHasEnded), stage.work() as work:
        tokens.revoke(work, issued.token.id)
    with pytest.raises(TokenHasEnded), stage.work() as work:
        tokens.rotate(work, issued.token.id)


def test_others_tokens_are_not_there(stage: Stage) -> None:
    stage.tenant("acme")
    stranger = stage.actor(stage.someone("tenant-admin", on="acme"))
    issued = stage.token(stage.someone("sre"))
    with stage.look(stranger) as work:
        assert tokens.tokens(work) == []
    for act in (tokens.revoke, tokens.rotate):
        with pytest.raises(NoSuchToken), stage.work(stranger) as work:
            act(work, issued.token.id)
        with pytest.raises(NoSuchToken), stage.work(stranger) as work:
            act(work, "none")


def test_one_sees_ones_own_tokens_without_seeing_others(stage: Stage) -> None:
    ada, bob = stage.someone("sre"), stage.someone("sre")
    own, _ = stage.token(ada), stage.token(bob)
    with stage.look(stage.actor(ada)) as work:
        assert tokens.tokens(work, principal=ada.id) == [own.token]


def test_the_first_admin_gets_in_once(stage: Stage) -> None:
    with stage.work(ROOT) as work:
        first = tokens.bootstrap(work)
    access = stage.authenticator()
    assert access.actor(first.secret).may("keys:rotate", "any")
    opened = sign_in(access, first.secret)
    with pytest.raises(Unauthenticated):
        access.actor(first.secret)
    with pytest.raises(Unauthenticated):
        sign_in(access, first.secret)
    assert access.session(opened.cookie).actor.may("keys:rotate", "any")
    with pytest.raises(AdminExists), stage.work(ROOT) as work:
        tokens.bootstrap(work)


def test_of_two_installations_begun_at_once_one_lets_an_admin_in(stage: Stage) -> None:
    ready, refused = Barrier(2), list[AdminExists]()

    def begin() -> None:
        ready.wait()
        try:
            with stage.work(ROOT) as work:
                tokens.bootstrap(work)
        except AdminExists as error:
            refused.append(error)

    threads = [Thread(target=begin), Thread(target=begin)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1


def test_only_the_installation_lets_the_first_admin_in(stage: Stage) -> None:
    almost = ROOT.grants - {("tokens:create", "*")}
    with pytest.raises(MissingPermission), stage.work(Actor("x", almost)) as work:
        tokens.bootstrap(work)


def test_the_first_token_dies_in_a_day(stage: Stage) -> None:
    with stage.work(ROOT) as work:
        first = tokens.bootstrap(work)
    stage.pass_time(hours=24)
    with pytest.raises(Unauthenticated):
        sign_in(stage.authenticator(), first.secret)


def test_who_was_shut_out_has_no_good_token_and_gets_none(stage: Stage) -> None:
    bob = stage.someone("sre")
    issued, access = stage.token(bob), stage.authenticator()
    access.actor(issued.secret)
    with stage.work() as work:
        principals.disable(work, bob.id)
    with pytest.raises(Unauthenticated):
        access.actor(issued.secret)
    with pytest.raises(PrincipalIsDisabled):
        stage.token(bob)


def test_times_of_use_are_written_once_a_minute_and_never_go_back(stage: Stage) -> None:
    issued, access = stage.token(stage.someone("sre")), stage.authenticator()
    used = stage.now

    def written() -> object:
        access.write_uses()
        with stage.look() as work:
            return tokens.tokens(work)[0].used_at

    assert written() is None
    access.actor(issued.secret)
    assert written() == used
    stage.pass_time(seconds=59)
    access.actor(issued.secret)
    assert written() == used
    stage.pass_time(seconds=1)
    access.actor(issued.secret)
    assert written() == stage.now
    with stage.work() as work:
        tokens.mark_used(work.db, {issued.token.id: 1})
    assert written() == stage.now


def test_an_actor_that_is_no_principal_can_have_no_token(stage: Stage) -> None:
    demo = Actor("demo@loopback", ROOT.grants)
    wanted = Wanted(principal=PrincipalId(demo.id), name="x", expires_at=stage.now + DAY)
    with pytest.raises(NoSuchPrincipal, match="nobody"), stage.work(demo) as work:
        tokens.create(work, wanted)
