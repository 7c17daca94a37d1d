from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.stage import ROOT, Stage
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import (
    BeyondOwnRights,
    EmailTaken,
    GrantExists,
    Identity,
    Kind,
    LastAdmin,
    NoSuchGrant,
    NoSuchPrincipal,
    PrincipalIsDisabled,
    Scope,
    check_within,
    pairs_of,
)
from quarterdeck.access.roles import service as roles
from quarterdeck.access.roles.model import ADMIN, PERMISSIONS, ROLES
from quarterdeck.kernel.errors import Invalid, QuarterdeckError
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import ANY, Actor, MissingPermission, TenantNotFound

ADA = Identity(issuer="https://id.example", subject="1", email="Ada@example.com")

held_roles = st.lists(
    st.tuples(st.sampled_from(sorted(ROLES)), st.sampled_from([PLATFORM, "acme", "beta"])),
    max_size=3,
)
scopes = st.builds(
    Scope,
    permissions=st.none() | st.frozensets(st.sampled_from(sorted(PERMISSIONS)), min_size=1),
    tenants=st.none()
    | st.frozensets(st.sampled_from([PLATFORM, "acme", "beta", "core"]), min_size=1),
)


@given(held_roles, scopes)
def test_a_scope_never_allows_what_its_principal_lacks(
    held: list[tuple[str, str]], scope: Scope
) -> None:
    whole = Actor("x", pairs_of(held))
    narrow = Actor("x", scope.narrow(whole.grants))
    for permission, tenant in narrow.grants:
        assert whole.may(permission, tenant)
        assert scope.permissions is None or permission in scope.permissions
        assert scope.tenants is None or tenant in scope.tenants
    check_within(whole, narrow.grants)


@given(held_roles, scopes, scopes)
def test_scopes_may_be_applied_in_any_order_and_again(
    held: list[tuple[str, str]], one: Scope, other: Scope
) -> None:
    pairs = pairs_of(held)
    assert one.narrow(other.narrow(pairs)) == other.narrow(one.narrow(pairs))
    assert one.narrow(one.narrow(pairs)) == one.narrow(pairs)


@pytest.mark.census("BK-051")
def test_a_grant_and_its_end_change_what_one_may_do_and_are_told(stage: Stage) -> None:
    stage.tenant("acme")
    bob = stage.someone(kind=Kind.PERSON)
    assert not stage.actor(bob).may("services:scale", "acme")
    with stage.work() as work:
        grant = principals.grant(work, bob.id, "sre", "acme")
    assert stage.actor(bob).may("services:scale", "acme")
    assert not stage.actor(bob).may("services:scale", "beta")
    with stage.look() as work:
        assert principals.grants(work, principal=bob.id) == [grant]
    with stage.work() as work:
        principals.revoke(work, grant.id)
    assert not stage.actor(bob).may("services:scale", "acme")
    given, taken = stage.told("RoleGranted") + stage.told("RoleRevoked")
    wanted = {"principal": bob.id, "role": "sre", "tenant": "acme"}
    assert (given.payload, taken.payload, given.tenant) == (wanted, wanted, "acme")


@pytest.mark.census("BK-117")
def test_can_i_answers_as_the_role_says(stage: Stage) -> None:
    stage.tenant("acme")
    bob = stage.actor(stage.someone("compliance", on="acme"))
    with stage.look(bob) as work:
        assert roles.can_i(work, "holds:place", "acme")
        assert not roles.can_i(work, "deployments:deploy", "acme")
        assert "holds:place" in roles.effective(work, "acme")
        with pytest.raises(TenantNotFound):
            roles.can_i(work, "holds:place", "beta")
        with pytest.raises(TenantNotFound):
            roles.effective(work, "beta")
        with pytest.raises(Invalid, match="holds:place"):
            roles.can_i(work, "hold:place", "acme")


def test_nobody_gives_what_they_do_not_hold_there(stage: Stage) -> None:
    stage.tenant("acme")
    stage.tenant("beta")
    boss = stage.actor(stage.someone("tenant-admin", on="acme"))
    with stage.work(boss) as work:
        bob = principals.create(work, Kind.PERSON, "Bob", home="acme")
    for role in ("sre", "on-call", "devops", "management", "operator", "auditor", "producer"):
        with stage.work(boss) as work:
            principals.grant(work, bob.id, role, "acme")
    for role in ("security", "compliance", ADMIN):
        with pytest.raises(BeyondOwnRights, match="you cannot give"), stage.work(boss) as work:
            principals.grant(work, bob.id, role, "acme")
    with pytest.raises(TenantNotFound), stage.work(boss) as work:
        principals.grant(work, bob.id, "sre", "beta")
    with pytest.raises(MissingPermission), stage.work(boss) as work:
        principals.grant(work, bob.id, "sre", PLATFORM)


def test_rights_on_the_platforms_own_log_are_not_rights_on_every_tenant(stage: Stage) -> None:
    narrow = Actor("x", Scope(tenants=frozenset({PLATFORM})).narrow(ROOT.grants))
    bob = stage.someone()
    with pytest.raises(BeyondOwnRights), stage.work(narrow) as work:
        principals.grant(work, bob.id, "auditor", PLATFORM)
    assert (("grants:create", ANY)) not in narrow.grants


def test_the_last_admin_stays(stage: Stage) -> None:
    one = stage.someone(ADMIN)
    with stage.look() as work:
        (grant,) = principals.grants(work, principal=one.id)
    with pytest.raises(LastAdmin), stage.work() as work:
        principals.revoke(work, grant.id)
    with pytest.raises(LastAdmin), stage.work() as work:
        principals.disable(work, one.id)
    other = stage.someone(ADMIN)
    with stage.work() as work:
        principals.disable(work, one.id)
    with pytest.raises(LastAdmin), stage.work() as work:
        principals.disable(work, other.id)


def _at_once(*acts: Thread) -> None:
    for act in acts:
        act.start()
    for act in acts:
        act.join()


def test_two_admins_who_shut_each_other_out_at_once_leave_one(stage: Stage) -> None:
    one, other = stage.someone(ADMIN), stage.someone(ADMIN)
    ready, refused = Barrier(2), list[QuarterdeckError]()

    def shut_out(victim: str) -> None:
        ready.wait()
        try:
            with stage.work() as work:
                principals.disable(work, victim)
        except LastAdmin as error:
            refused.append(error)

    _at_once(Thread(target=shut_out, args=[one.id]), Thread(target=shut_out, args=[other.id]))
    assert len(refused) == 1


def test_of_two_equal_grants_at_once_one_is_given(stage: Stage) -> None:
    bob, ready, refused = stage.someone(), Barrier(2), list[QuarterdeckError]()

    def give() -> None:
        ready.wait()
        try:
            with stage.work() as work:
                principals.grant(work, bob.id, "sre", PLATFORM)
        except GrantExists as error:
            refused.append(error)

    _at_once(Thread(target=give), Thread(target=give))
    with stage.look() as work:
        assert len(principals.grants(work, principal=bob.id)) == 1
    assert len(refused) == 1
    assert len(stage.told("RoleGranted")) == 1


def test_a_tenant_admin_sees_no_principal_of_elsewhere(stage: Stage) -> None:
    stage.tenant("acme")
    boss = stage.actor(stage.someone("tenant-admin", on="acme"))
    stranger = stage.someone("sre")
    with stage.work(boss) as work:
        mine = principals.create(work, Kind.PROGRAM, "ingest", home="acme")
        assert principals.visible(work) == [mine]
        assert [g.principal for g in principals.grants(work)] == [boss.id]
        with pytest.raises(NoSuchPrincipal):
            principals.grant(work, stranger.id, "sre", "acme")
        with pytest.raises(NoSuchPrincipal):
            principals.disable(work, stranger.id)
    with stage.look() as work:
        (theirs,) = principals.grants(work, principal=stranger.id)
    with pytest.raises(NoSuchGrant), stage.work(boss) as work:
        principals.revoke(work, theirs.id)


def test_who_was_shut_out_may_do_nothing_and_is_given_nothing(stage: Stage) -> None:
    bob = stage.someone("sre")
    with stage.work() as work:
        principals.disable(work, bob.id)
    assert stage.actor(bob).grants == frozenset()
    with pytest.raises(PrincipalIsDisabled), stage.work() as work:
        principals.grant(work, bob.id, "auditor", PLATFORM)
    with pytest.raises(PrincipalIsDisabled), stage.work() as work:
        principals.disable(work, bob.id)


def test_the_first_sign_in_links_a_person_by_verified_email(stage: Stage) -> None:
    with stage.work() as work:
        ada = principals.create(work, Kind.PERSON, "Ada", email="ADA@example.com")
        assert principals.identify(work, Identity(issuer="i", subject="9")) is None
        linked = principals.identify(work, ADA)
        assert linked is not None
        assert linked.id == ada.id
    with stage.work() as work:
        again = Identity(issuer=ADA.issuer, subject=ADA.subject)
        known = principals.identify(work, again)
        assert known is not None
        assert (known.id, known.subject) == (ada.id, "1")
        other = Identity(issuer=ADA.issuer, subject="2", email=ADA.email)
        assert principals.identify(work, other) is None
    assert [f.name for f in stage.told()] == ["PrincipalCreated", "PrincipalLinked"]


def test_an_address_belongs_to_one_person(stage: Stage) -> None:
    with stage.work() as work:
        principals.create(work, Kind.PERSON, "Ada", email="ada@example.com")
    with pytest.raises(EmailTaken), stage.work() as work:
        principals.create(work, Kind.PERSON, "Eve", email="Ada@Example.com")
    with pytest.raises(Invalid, match="address"), stage.work() as work:
        principals.create(work, Kind.PERSON, "Eve", email="ada at example.com")
    with pytest.raises(Invalid, match="program"), stage.work() as work:
        principals.create(work, Kind.PROGRAM, "bot", email="bot@example.com")
