"""A directory is read, kept with its changes, and assessed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from governance.estate import Estate, FakeCloud
from governance.identity.directory import P1, everyone_mfa, item, settle, unlicensed, user
from quarterdeck.governance.cloud.ports import CloudFailure, Denied, FailureClass
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.identity.model.items import Kind, What
from quarterdeck.governance.identity.model.verdict import Verdict
from quarterdeck.governance.identity.model.views import Summary, User
from quarterdeck.governance.sync.model import IDENTITY, Run, RunState, policies
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.work import Actor, MissingPermission

KNOWN = policies(timedelta(hours=1), among=[IDENTITY])


def sync(estate: Estate) -> Run:
    with estate.work() as work:
        request_sync(work, KNOWN, IDENTITY)
    estate.run_due()
    return next(run for run in estate.runs() if run.domain == IDENTITY)


def summary(estate: Estate) -> Summary:
    with estate.look() as work:
        return identity.summary(work)


def people(estate: Estate, **wanted: Any) -> dict[str, User]:  # noqa: ANN401  any filter
    with estate.look() as work:
        chosen = replace(identity.filter_for(work), **wanted)
        return {u.id: u for u in identity.users(work, chosen, None, None, 100)}


def settled(estate: Estate) -> FakeCloud:
    _, cloud = estate.connect("contoso")
    settle(cloud)
    return cloud


def test_nothing_is_known_of_a_directory_that_was_never_read(estate: Estate) -> None:
    estate.connect("contoso")
    found = summary(estate)
    assert (found.count, found.as_of, found.known, found.connections) == (None, None, 0, 1)


def test_a_directory_is_read_and_every_user_assessed(estate: Estate) -> None:
    settled(estate)
    assert sync(estate).state is RunState.SUCCESS
    found = summary(estate)
    assert found.count is not None
    assert (found.count.users, found.count.guests, found.known) == (3, 1, 1)
    assert (found.count.privileged_yes, found.count.privileged_no) == (2, 1)
    assert (found.count.enforced_yes, found.count.registered_yes) == (3, 1)
    assert found.count.registered_not_known == 1
    ada = people(estate)["ada"]
    assert (ada.privileged, ada.roles) == (Verdict.YES, ("Global Administrator",))
    assert people(estate)["bob"].roles == ("Owner",)


def test_registered_and_enforced_are_told_apart(estate: Estate) -> None:
    settled(estate)
    sync(estate)
    bob = people(estate)["bob"]
    assert (bob.registered, bob.enforced) == (Verdict.NO, Verdict.YES)
    assert bob.why["enforced"] == "by All users"


def test_without_the_licence_it_is_not_known_and_named(estate: Estate) -> None:
    unlicensed(settled(estate))
    run = sync(estate)
    assert run.state is RunState.PARTIAL
    found = summary(estate)
    assert found.count is not None
    assert (found.count.enforced_not_known, found.count.enforced_no) == (3, 0)
    assert (found.count.registered_not_known, found.count.registered_no) == (3, 0)
    assert {gap.missing for gap in found.gaps} == {P1}
    assert people(estate)["ada"].why["enforced"] == P1


def test_what_was_known_before_the_licence_ended_is_not_shown_as_known(estate: Estate) -> None:
    cloud = settled(estate)
    sync(estate)
    unlicensed(cloud)
    sync(estate)
    assert people(estate)["ada"].enforced is Verdict.NOT_KNOWN


def test_stale_is_not_known_where_sign_ins_are_not_told(estate: Estate) -> None:
    cloud = settled(estate)
    cloud.said[("users",)] = [[user("ada", signInActivity=None)]]
    sync(estate)
    assert people(estate)["ada"].stale is Verdict.NOT_KNOWN


def test_a_member_without_sign_in_is_stale_where_others_have_one(estate: Estate) -> None:
    cloud = settled(estate)
    now = estate.now.isoformat()
    cloud.said[("users",)] = [
        [
            user("ada", signInActivity={"lastSignInDateTime": now}),
            user("bob", signInActivity=None),
            user("new", signInActivity=None, createdDateTime=now),
            user("off", signInActivity=None, accountEnabled=False),
        ]
    ]
    sync(estate)
    assert {u.id: u.stale for u in people(estate).values()} == {
        "ada": Verdict.NO,
        "bob": Verdict.YES,
        "new": Verdict.NO,
        "off": Verdict.NO,
    }
    assert list(people(estate, stale=Verdict.YES)) == ["bob"]
    found = summary(estate)
    assert found.count is not None
    assert (found.count.stale_yes, found.count.stale_no) == (1, 3)
    assert found.count.disabled == 1


def test_roles_held_through_a_group_that_cannot_be_read_are_not_known(estate: Estate) -> None:
    cloud = settled(estate)
    cloud.said[("group_members", "admins")] = [Denied("no", missing="Group.Read.All")]
    sync(estate)
    assert people(estate)["ada"].privileged is Verdict.NOT_KNOWN
    assert people(estate)["bob"].privileged is Verdict.YES


def test_changes_are_kept_and_a_sign_in_is_none(estate: Estate) -> None:
    cloud = settled(estate)
    sync(estate)
    cloud.said[("users",)] = [
        [
            user("ada", signInActivity={"lastSignInDateTime": "2026-10-02T08:00:00Z"}),
            user("bob", accountEnabled=False),
        ]
    ]
    sync(estate)
    with estate.look() as work:
        told = {
            name: [c.what for c in identity.history(work, name) if c.kind is Kind.USERS]
            for name in ("ada", "bob", "eve")
        }
    assert told == {
        "ada": [What.ADDED],
        "bob": [What.CHANGED, What.ADDED],
        "eve": [What.REMOVED, What.ADDED],
    }
    assert "eve" not in people(estate)
    assert people(estate)["ada"].last_sign_in is not None


def test_the_same_again_changes_nothing(estate: Estate) -> None:
    settled(estate)
    sync(estate)
    run = sync(estate)
    with estate.look() as work:
        only = work.tenants("identity:read")
        assert identity.tally(work, only, run.id) == {}
        assert identity.changes(work, only, run.id) == []


def test_a_listing_cut_short_removes_nobody(estate: Estate) -> None:
    cloud = settled(estate)
    sync(estate)
    cloud.said[("users",)] = [[user("ada")], CloudFailure(FailureClass.TIMEOUT, "slow")]
    assert sync(estate).state is RunState.PARTIAL
    assert set(people(estate)) == {"ada", "bob", "eve"}


def test_an_item_that_cannot_be_read_is_kept_apart_and_removes_nobody(estate: Estate) -> None:
    cloud = settled(estate)
    sync(estate)
    cloud.said[("users",)] = [[user("ada"), b"{}"]]
    run = sync(estate)
    assert (run.state, run.counts.quarantined) == (RunState.PARTIAL, 1)
    assert set(people(estate)) == {"ada", "bob", "eve"}


def test_secrets_about_to_expire_are_told_with_whose_they_are(estate: Estate) -> None:
    cloud = settled(estate)
    ends = {
        "past": timedelta(days=-1),
        "soon": timedelta(days=6),
        "month": timedelta(days=29),
        "year": timedelta(days=300),
    }
    cloud.said[("applications",)] = [
        [
            item(
                id="o1",
                appId="app-1",
                displayName="Billing",
                passwordCredentials=[
                    {"keyId": name, "endDateTime": (estate.now + left).isoformat()}
                    for name, left in ends.items()
                ],
                keyCredentials=[{"keyId": "cert", "endDateTime": "9999-12-31T23:59:59Z"}],
            )
        ]
    ]
    sync(estate)
    found = summary(estate).ends
    assert found is not None
    assert (found.expired, found.within_7_days, found.within_30_days) == (1, 1, 1)
    with estate.look() as work:
        soon = identity.expiring(work)
    assert [one.credential.id for one in soon] == ["past", "soon", "month"]
    assert soon[0].credential.application == "Billing"


def test_report_only_enforces_nothing(estate: Estate) -> None:
    cloud = settled(estate)
    state = "enabledForReportingButNotEnforced"
    cloud.said[("conditional_access",)] = [[everyone_mfa(state=state)]]
    sync(estate)
    found = people(estate)["ada"]
    assert (found.enforced, found.why["enforced"]) == (Verdict.NO, "All users only reports")


def test_identity_needs_its_permission_on_its_tenant(estate: Estate) -> None:
    settled(estate)
    sync(estate)
    estate.tenant("other")
    other = Actor("eve", frozenset({("identity:read", "other")}))
    with estate.look(other) as work:
        assert identity.users(work, identity.filter_for(work), None, None, 10) == []
        assert identity.summary(work).connections == 0
    with estate.look(Actor("nobody", frozenset())) as work, pytest.raises(MissingPermission):
        identity.summary(work)


def test_a_user_that_cannot_be_read_is_a_gap_and_the_others_are_known(estate: Estate) -> None:
    cloud = settled(estate)
    cloud.said["users",] = [*cloud.said["users",], [b'{"displayName": "nobody"}']]
    run = sync(estate)
    assert (run.whole, run.counts.unread) == (True, 1)
    found = summary(estate)
    assert found.count is not None
    assert found.count.users == 3
    assert [(gap.what, "1 items" in gap.missing) for gap in found.gaps] == [("users", True)]
    cloud.said["users",] = cloud.said["users",][:-1]
    sync(estate)
    assert summary(estate).gaps == []


def test_a_policy_that_cannot_be_read_may_be_the_one_that_decides(estate: Estate) -> None:
    cloud = settled(estate)
    cloud.said["conditional_access",] = [*cloud.said["conditional_access",], [b"{}"]]
    assert sync(estate).whole
    found = summary(estate)
    assert found.count is not None
    assert (found.count.enforced_yes, found.count.enforced_not_known) == (0, 3)


def test_where_most_of_a_listing_cannot_be_read_it_was_not_listed(estate: Estate) -> None:
    cloud = settled(estate)
    sync(estate)
    assert people(estate)["bob"].registered is Verdict.NO
    cloud.said["registrations",] = [[item(id="ada", isMfaRegistered=True), b"{}", b"[]"]]
    run = sync(estate)
    assert (run.whole, run.counts.unread) == (True, 2)
    told = "2 of 3 items cannot be read: their form has changed"
    assert [(gap.what, gap.missing) for gap in summary(estate).gaps] == [("registrations", told)]
    assert {u.registered for u in people(estate).values()} == {Verdict.NOT_KNOWN}
    assert people(estate)["bob"].why["registered"] == told


def test_what_a_listing_lacks_is_kept_while_it_may_be_unreadable_and_the_run_says_so(
    estate: Estate,
) -> None:
    cloud = settled(estate)
    sync(estate)
    cloud.said["users",] = [[user("ada"), b"{}"]]
    assert "2 that it lacks are kept" in sync(estate).error
    assert set(people(estate)) == {"ada", "bob", "eve"}
    cloud.said["users",] = [[user("ada"), user("bob"), b"{}"]]
    assert "1 that it lacks are kept" in sync(estate).error
    cloud.said["users",] = [[user("ada"), user("bob"), user("eve"), b"{}"]]
    assert "kept" not in sync(estate).error


def test_no_users_are_believed_when_the_doubted_are_asked_again(estate: Estate) -> None:
    cloud = settled(estate)
    sync(estate)
    known = people(estate).keys()
    cloud.said[("users",)] = [CloudFailure(FailureClass.TIMEOUT, "late")]
    assert sync(estate).failure == "timeout"
    cloud.said[("users",)] = [[]]
    assert repeated(estate).failure == "data"
    assert people(estate).keys() == known
    assert repeated(estate).state is RunState.SUCCESS
    assert people(estate) == {}


def repeated(estate: Estate) -> Run:
    """The repetition of the last run, once it is due."""
    estate.pass_time(minutes=30)
    estate.wake()
    estate.run_due()
    return next(run for run in estate.runs() if run.domain == IDENTITY)
