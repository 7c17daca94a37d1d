"""How a tenant joins and leaves."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.estate import EVERY, Estate, FakeCloud
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import Tenant, TenantArchivedAlready
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.onboarding import service
from quarterdeck.governance.onboarding.model import (
    CredentialMissing,
    ItemName,
    Recorded,
    SecretItself,
    State,
    check_credential,
    checklist,
    following,
    warnings,
)
from quarterdeck.governance.onboarding.service import Joining
from quarterdeck.governance.preflight.model import NEEDS, Examined, Outcome, Result
from quarterdeck.kernel.clock import EPOCH, utc_now
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Actor, MissingPermission

NEW = NewConnection(directory="contoso", name="Contoso", client="app", secret="env:X")
TENANT = Tenant(id=TenantId("contoso"), name="Contoso", created_at=EPOCH)


def begun(estate: Estate, **more: str) -> Joining:
    estate.clouds["contoso"] = FakeCloud(pages={"s1": [[]]})
    with estate.work() as work:
        return service.begin_tenant(work, EVERY, NEW, **more)


def state(joining: Joining, name: ItemName) -> State:
    return next(item.state for item in joining.items if item.name is name)


def examination(**outcomes: Outcome) -> Examined:
    results = [
        Result(
            name=need.name,
            outcome=outcomes.get(need.name, Outcome.PASS),
            detail="as told",
            missing=need.missing,
            grant="az grant",
        )
        for need in NEEDS
    ]
    return Examined(
        tenant=TENANT.id,
        connection=ConnectionId("c"),
        name="Contoso",
        job="j",
        at=EPOCH,
        results=results,
    )


@pytest.mark.census("AG-064")
def test_a_tenant_is_stored_and_warned_of_what_was_not_recorded(estate: Estate) -> None:
    found = begun(estate)
    assert state(found, ItemName.APPROVAL) is State.OPEN
    assert any("approved: not recorded yet" in words for words in found.warnings)
    with estate.look() as work:
        assert [t.id for t in tenants.visible(work)] == ["contoso"]


@pytest.mark.census("AG-069")
@pytest.mark.parametrize(("client", "secret"), [("", "env:X"), ("app", ""), ("", "")])
def test_a_tenant_that_cannot_be_reached_is_refused(
    estate: Estate, client: str, secret: str
) -> None:
    new = replace(NEW, client=client, secret=secret)
    with estate.work() as work, pytest.raises(CredentialMissing):
        service.begin_tenant(work, EVERY, new)
    with estate.look() as work:
        assert tenants.visible(work) == []


@pytest.mark.census("AG-073")
def test_delegated_access_needs_neither(estate: Estate) -> None:
    new = replace(NEW, client="", secret="", use_lighthouse=True)
    with estate.work() as work:
        found = service.begin_tenant(work, EVERY, new)
    assert state(found, ItemName.CREDENTIALS) is State.NOT_NEEDED
    assert state(found, ItemName.APP_REGISTRATION) is State.NOT_NEEDED


def test_a_secret_given_for_its_reference_is_refused_and_not_repeated() -> None:
    secret = "aBc8Q~" + "x" * 34
    with pytest.raises(SecretItself) as refused:
        check_credential("Contoso", "app", secret, lighthouse=False)
    assert secret not in str(refused.value)
    check_credential("Contoso", "app", "key-vault-secret-reference", lighthouse=False)


@pytest.mark.census("AG-070")
def test_purpose_and_owner_tick_their_item(estate: Estate) -> None:
    assert state(begun(estate, owner="Ops", purpose="Shops"), ItemName.PURPOSE_AND_OWNER) is (
        State.DONE
    )


def test_what_a_person_says_is_kept_with_who_when_and_evidence(estate: Estate) -> None:
    begun(estate)
    actor = Actor("ada", frozenset({("onboarding:write", "contoso"), ("tenants:read", "contoso")}))
    with estate.work(actor) as work:
        found = service.record(work, "contoso", ItemName.APPROVAL, State.DONE, "mail of May 5")
    item = found.items[0]
    assert (item.state, item.by, item.evidence, item.todo) == (
        State.DONE,
        "ada",
        "mail of May 5",
        "",
    )
    [fact] = estate.told("OnboardingRecorded")
    assert (fact.actor, fact.payload["item"]) == ("ada", "approval")


def test_only_who_may_works_through_a_checklist(estate: Estate) -> None:
    begun(estate)
    reader = Actor("bob", frozenset({("tenants:read", "contoso")}))
    with estate.work(reader) as work:
        assert service.joining(work, "contoso").items
        with pytest.raises(MissingPermission):
            service.record(work, "contoso", ItemName.APPROVAL, State.DONE)
        with pytest.raises(MissingPermission):
            service.verify(work, "contoso")


@pytest.mark.census("AG-076")
def test_a_first_sync_verifies_the_tenant_by_itself(estate: Estate) -> None:
    begun(estate)
    estate.clouds["contoso"].hold("a", "b")
    estate.sync()
    [fact] = estate.told("SyncCompleted")
    with estate.work() as work:
        service.subscriber().receive(work, fact)
    with estate.look() as work:
        item = service.joining(work, "contoso").items[-1]
    assert (item.state, item.by) == (State.DONE, "quarterdeck")
    assert "2 resources" in item.evidence
    with estate.work() as work:
        service.subscriber().receive(work, fact)
    assert len(estate.told("TenantVerified")) == 1


def test_a_tenant_whose_data_does_not_flow_is_not_verified(estate: Estate) -> None:
    begun(estate)
    with estate.work() as work:
        waits = service.verify(work, "contoso")
    assert state(waits, ItemName.VERIFICATION) is State.OPEN
    estate.sync()
    with estate.work() as work:
        empty = service.verify(work, "contoso")
    assert state(empty, ItemName.VERIFICATION) is State.FAILED


def test_a_tenant_that_leaves_keeps_its_evidence(estate: Estate) -> None:
    begun(estate)
    estate.clouds["contoso"].hold("a", "b")
    estate.sync()
    with estate.work() as work:
        left = service.offboard(work, EVERY, "contoso")
    assert (left.disconnected, left.resources) == (1, 2)
    with estate.work() as work:
        assert [many for _, _, many in inventory.counts(work)] == [2]
        assert service.joining(work, "contoso").tenant.archived_at is not None
        with pytest.raises(TenantArchivedAlready):
            service.record(work, "contoso", ItemName.APPROVAL, State.DONE)
    assert [f.name for f in estate.told("TenantArchived", "ConnectionRemoved")] != []
    [fact] = estate.told("TenantOffboarded")
    assert fact.payload["resources"] == 2


def test_preflight_ticks_what_it_shows() -> None:
    items = {i.name: i for i in checklist(TENANT, [], {}, [examination()])}
    for name in (ItemName.APP_REGISTRATION, ItemName.CONSENT, ItemName.ROLES):
        assert (items[name].state, items[name].by) == (State.DONE, "quarterdeck")
    assert "somebody held it" in items[ItemName.PERMISSIONS].evidence


def test_what_preflight_lacks_fails_with_its_name_and_command() -> None:
    found = examination(secure_scores=Outcome.FAIL)
    items = checklist(TENANT, [], {}, [found])
    roles = next(i for i in items if i.name is ItemName.ROLES)
    assert (roles.state, roles.evidence) == (State.FAILED, "missing: Security Reader")
    assert roles.todo == "az grant"
    assert following(items) == roles


def test_a_check_that_is_not_known_leaves_the_item_open() -> None:
    items = checklist(TENANT, [], {}, [examination(users=Outcome.NOT_KNOWN)])
    assert next(i for i in items if i.name is ItemName.CONSENT).state is State.OPEN


SAID = st.dictionaries(st.sampled_from(ItemName), st.sampled_from(State))


@given(SAID, st.sampled_from([[], [examination()]]))
def test_the_word_of_a_person_stands_and_every_item_is_there(
    said: dict[ItemName, State], examined: list[Examined]
) -> None:
    recorded = {
        name: Recorded(item=name, state=state, by="ada", at=utc_now(), evidence="")
        for name, state in said.items()
    }
    items = checklist(TENANT, [], recorded, examined)
    assert [item.name for item in items] == list(ItemName)
    assert all(item.state is said[item.name] for item in items if item.name in said)
    todo = following(items)
    assert (todo is None) == all(i.state in (State.DONE, State.NOT_NEEDED) for i in items)
    assert bool(warnings(items)) or todo is None or todo.name is ItemName.VERIFICATION
