"""Who is erased in the trail is forgotten in access."""

import pytest

from access.stage import ROOT, Stage
from quarterdeck.access.authentication.model import Unauthenticated
from quarterdeck.access.erasures import hearing
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Identity, Kind, Principal
from quarterdeck.access.principals.store import FORGOTTEN
from quarterdeck.events.keeping import SubjectErased
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.ids import PLATFORM

ADA = Identity(issuer="https://id.example", subject="1", email="ada@example.com")


def person(stage: Stage, home: str) -> Principal:
    with stage.work() as work:
        made = principals.create(
            work, Kind.PERSON, "Ada Lovelace", email="ada@example.com", home=home
        )
        principals.grant(work, made.id, "tenant-admin", home)
        principals.identify(work, ADA)
    return made


def erased(stage: Stage, tenant: str, who: str) -> None:
    with stage.work(ROOT) as work:
        work.publish(
            SubjectErased(
                tenant=tenant,
                erasure="e1",
                subject_tag="t",
                keys=1,
                certificate="c",
                person=who,
            )
        )
    ear = hearing.subscriber()
    for log, place in deliveries.behind(stage.engine, ear.name):
        deliveries.deliver(stage.engine, stage.clock, ear, log, place)


def found(stage: Stage, who: Principal) -> Principal:
    with stage.look() as work:
        return principals.principal_of(work, who.id)


@pytest.mark.census("ATP-423")
def test_an_erased_person_has_no_name_and_no_sign_in(stage: Stage) -> None:
    stage.tenant("acme")
    ada = person(stage, "acme")
    token = stage.token(ada)
    gate = stage.authenticator()
    assert gate.actor(token.secret).id == ada.id
    erased(stage, "acme", ada.id)
    now = found(stage, ada)
    assert (now.name, now.email, now.issuer, now.subject) == (FORGOTTEN, "", "", "")
    assert now.disabled_at is not None
    with pytest.raises(Unauthenticated):
        gate.actor(token.secret)
    with stage.work() as work:
        assert principals.identify(work, ADA) is None
    assert [fact.payload["principal"] for fact in stage.told("PrincipalDisabled")] == [ada.id]
    erased(stage, "acme", ada.id)
    assert len(stage.told("PrincipalDisabled")) == 1


def test_an_erasure_in_another_tenants_log_touches_nobody(stage: Stage) -> None:
    stage.tenant("acme")
    stage.tenant("evil")
    ada = person(stage, "acme")
    erased(stage, "evil", ada.id)
    erased(stage, "evil", "")
    assert (found(stage, ada).name, found(stage, ada).disabled_at) == ("Ada Lovelace", None)


def test_the_last_admin_is_forgotten_but_not_shut_out(stage: Stage) -> None:
    ada = person(stage, PLATFORM)
    with stage.work() as work:
        principals.grant(work, ada.id, "admin", PLATFORM)
    erased(stage, PLATFORM, ada.id)
    assert (found(stage, ada).name, found(stage, ada).disabled_at) == (FORGOTTEN, None)
