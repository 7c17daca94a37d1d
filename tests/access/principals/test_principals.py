from collections.abc import Callable
from threading import Barrier, Thread

import pytest

from access.stage import ROOT, Stage
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import EmailTaken, Identity, Kind
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import NoSuchTenant, TenantArchivedAlready
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound, Work

AUDITOR = Actor("auditor", frozenset({("principals:read", "*"), ("grants:read", "*")}))


@pytest.mark.parametrize(
    "act",
    [
        lambda work, _: principals.create(work, Kind.PERSON, "Eve", home="acme"),
        principals.disable,
        lambda work, bob: principals.grant(work, bob, "sre", "acme"),
        lambda work, _: principals.revoke(work, "some"),
    ],
    ids=["create", "disable", "grant", "revoke"],
)
def test_who_may_only_read_changes_nothing(stage: Stage, act: Callable[[Work, str], None]) -> None:
    stage.tenant("acme")
    bob = stage.someone(home="acme")
    with stage.look(AUDITOR) as work:
        assert principals.principal_of(work, bob.id) == bob
    with pytest.raises(MissingPermission), stage.work(AUDITOR) as work:
        act(work, bob.id)


def test_a_right_elsewhere_is_no_right_at_a_principals_home(stage: Stage) -> None:
    for name in ("acme", "beta"):
        stage.tenant(name)
    bob = stage.someone(home="beta")
    reader = Actor("r", frozenset({("principals:read", "acme"), ("health:read", "beta")}))
    with stage.look(reader) as work, pytest.raises(MissingPermission):
        principals.principal_of(work, bob.id)
    unknown = Actor("u", frozenset({("health:read", "acme")}))
    with stage.look(unknown) as work, pytest.raises(MissingPermission):
        principals.principal_of(work, "nobody")
    with stage.look(unknown) as work, pytest.raises(TenantNotFound):
        principals.grants(work, tenant="beta")


def test_nobody_begins_at_or_is_given_a_tenant_that_ended_or_never_was(stage: Stage) -> None:
    stage.tenant("acme")
    bob = stage.someone()
    with stage.work() as work:
        tenants.archive(work, "acme")
    for name, refusal in (("acme", TenantArchivedAlready), ("nowhere", NoSuchTenant)):
        with pytest.raises(refusal), stage.work() as work:
            principals.create(work, Kind.PERSON, "Ada", home=name)
        with pytest.raises(refusal), stage.work() as work:
            principals.grant(work, bob.id, "sre", name)


def _at_once(act: Callable[[], object]) -> list[Exception]:
    ready, refused = Barrier(4), list[Exception]()

    def run() -> None:
        ready.wait()
        try:
            act()
        except EmailTaken as error:
            refused.append(error)

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def test_of_those_who_take_one_address_at_once_one_gets_it(stage: Stage) -> None:
    def take() -> None:
        with stage.work() as work:
            principals.create(work, Kind.PERSON, "Ada", email="ada@example.com")

    assert len(_at_once(take)) == 3
    with stage.look() as work:
        assert len(principals.visible(work)) == 1


def test_first_sign_ins_at_once_link_a_person_once(stage: Stage) -> None:
    identity = Identity(issuer="https://id.example", subject="1", email="ada@example.com")
    with stage.work() as work:
        ada = principals.create(work, Kind.PERSON, "Ada", email=identity.email)
    found = list[str]()

    def sign_in() -> None:
        with stage.work(ROOT) as work:
            principal = principals.identify(work, identity)
            found.append("" if principal is None else principal.id)

    assert _at_once(sign_in) == []
    assert found == [ada.id] * 4
    assert len(stage.told("PrincipalLinked")) == 1
