"""Conditional access, evaluated."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.identity.directory import everyone_mfa, user
from quarterdeck.governance.identity.model.access import Policy, enforced, policy
from quarterdeck.governance.identity.model.directory import Directory, Holding, Person, person
from quarterdeck.governance.identity.model.verdict import Verdict, all_of, any_of, opposite

ADA = person(json.loads(user("ada")))
EVE = person(json.loads(user("eve", userType="Guest")))
NOTHING = Directory()
VERDICTS = st.sampled_from(Verdict)


def made(**changes: Any) -> Policy:  # noqa: ANN401  any part of a policy
    """The policy that asks everybody, with other users, conditions or controls."""
    whole = json.loads(everyone_mfa())
    whole["conditions"] |= changes.pop("conditions", {})
    return policy(whole | changes)


def users(**named: object) -> dict[str, Any]:
    return {"conditions": {"users": named}}


def verdict(one: Policy, who: Person = ADA, directory: Directory = NOTHING) -> Verdict:
    return enforced([one], who, directory).verdict


def test_a_policy_for_all_users_and_all_apps_covers_everybody() -> None:
    assert verdict(made()) is verdict(made(), EVE) is Verdict.YES


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": "disabled"}, "no policy"),
        ({"state": "enabledForReportingButNotEnforced"}, "only reports"),
        ({"grantControls": {"operator": "OR", "builtInControls": ["block"]}}, "no policy"),
        (
            {"grantControls": {"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]}},
            "no policy",
        ),
        ({"grantControls": None}, "no policy"),
        ({"conditions": {"applications": {"includeApplications": ["Office365"]}}}, "other apps"),
        (
            {
                "conditions": {
                    "applications": {"includeApplications": ["All"], "excludeApplications": ["x"]}
                }
            },
            "excluded apps",
        ),
        ({"conditions": {"clientAppTypes": ["browser"]}}, "other clients"),
        ({"conditions": {"locations": {"excludeLocations": ["AllTrusted"]}}}, "other locations"),
        ({"conditions": {"platforms": {"includePlatforms": ["iOS"]}}}, "other platforms"),
        ({"conditions": {"signInRiskLevels": ["high"]}}, "without that risk"),
        ({"conditions": {"devices": {"deviceFilter": {"mode": "include"}}}}, "some devices"),
        (users(includeUsers=["All"], excludeUsers=["ada"]), "excludes this user"),
        (users(includeUsers=["bob"]), "no policy"),
        (users(includeUsers=["None"]), "no policy"),
        (users(includeUsers=["GuestsOrExternalUsers"]), "no policy"),
    ],
)
def test_what_leaves_sign_ins_out_does_not_enforce(changes: dict[str, Any], why: str) -> None:
    found = enforced([made(**changes)], ADA, NOTHING)
    assert found.verdict is Verdict.NO
    assert why in found.why


@pytest.mark.parametrize(
    "changes",
    [
        {"grantControls": {"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}},
        {"grantControls": {"authenticationStrength": {"id": "s", "requirementsSatisfied": "mfa"}}},
        {"conditions": {"locations": {"includeLocations": ["All"]}}},
        users(includeUsers=["ada"]),
    ],
)
def test_what_asks_at_every_sign_in_enforces(changes: dict[str, Any]) -> None:
    assert verdict(made(**changes)) is Verdict.YES


def test_a_strength_that_tells_no_requirements_is_not_known() -> None:
    assert verdict(made(grantControls={"authenticationStrength": {"id": "s"}})) is Verdict.NOT_KNOWN


def test_groups_and_roles_count_through_their_members() -> None:
    group = made(**users(includeGroups=["g"]))
    role = made(**users(includeRoles=["R"]))
    member = Directory(
        members={"g": frozenset({"ada"})},
        holdings=[Holding(role="r", name="R", principal="g", privileged=False)],
    )
    stranger = replace(member, members={"g": frozenset()})
    unread = replace(member, members={"g": None})
    assert [verdict(group, ADA, d) for d in (member, stranger, unread)] == [
        Verdict.YES,
        Verdict.NO,
        Verdict.NOT_KNOWN,
    ]
    assert [verdict(role, ADA, d) for d in (member, stranger, unread)] == [
        Verdict.YES,
        Verdict.NO,
        Verdict.NOT_KNOWN,
    ]


def test_an_exclusion_that_cannot_be_read_makes_it_not_known() -> None:
    one = made(**users(includeUsers=["All"], excludeGroups=["breakglass"]))
    assert verdict(one) is Verdict.NOT_KNOWN
    assert verdict(one, ADA, Directory(members={"breakglass": frozenset()})) is Verdict.YES
    assert verdict(one, ADA, Directory(members={"breakglass": frozenset({"ada"})})) is Verdict.NO


def test_some_kinds_of_guests_are_not_all_guests() -> None:
    some = {"guestOrExternalUserTypes": "b2bCollaborationGuest"}
    kinds = "internalGuest,b2bCollaborationGuest,b2bCollaborationMember,b2bDirectConnectUser"
    every = {"guestOrExternalUserTypes": f"{kinds},otherExternalUser,serviceProvider"}
    one = made(**users(includeUsers=["All"], excludeGuestsOrExternalUsers=some))
    assert (verdict(one, EVE), verdict(one)) == (Verdict.NOT_KNOWN, Verdict.YES)
    all_of_them = made(**users(includeGuestsOrExternalUsers=every))
    assert (verdict(all_of_them, EVE), verdict(all_of_them)) == (Verdict.YES, Verdict.NO)


POLICIES = st.builds(
    lambda state, included, excluded, groups, gaps: made(
        state=state,
        conditions={
            "users": {
                "includeUsers": included,
                "excludeUsers": excluded,
                "includeGroups": groups,
            },
            "userRiskLevels": gaps,
        },
    ),
    st.sampled_from(["enabled", "disabled", "enabledForReportingButNotEnforced"]),
    st.lists(st.sampled_from(["All", "ada", "eve", "GuestsOrExternalUsers"]), max_size=2),
    st.lists(st.sampled_from(["ada", "eve"]), max_size=2),
    st.lists(st.sampled_from(["g", "h"]), max_size=2),
    st.lists(st.just("high"), max_size=1),
)
DIRECTORIES = st.builds(
    lambda g, h: Directory(members={"g": g, "h": h}),
    *[st.none() | st.frozensets(st.sampled_from(["ada", "eve"]))] * 2,
)


@given(st.lists(POLICIES, max_size=4), POLICIES, DIRECTORIES)
def test_one_policy_more_never_takes_protection_away(
    some: list[Policy], more: Policy, directory: Directory
) -> None:
    before = enforced(some, ADA, directory).verdict
    after = enforced([*some, more], ADA, directory).verdict
    assert before is not Verdict.YES or after is Verdict.YES
    assert before is not Verdict.NOT_KNOWN or after is not Verdict.NO


@given(POLICIES, DIRECTORIES)
def test_what_was_known_stays_so_when_more_is_read(one: Policy, directory: Directory) -> None:
    known = verdict(one, ADA, directory)
    unread = [group for group, members in directory.members.items() if members is None]
    for chosen in product([frozenset[str](), frozenset({"ada"})], repeat=len(unread)):
        whole = Directory(members={**directory.members, **dict(zip(unread, chosen, strict=True))})
        assert known is Verdict.NOT_KNOWN or verdict(one, ADA, whole) is known


@given(POLICIES, DIRECTORIES, st.sampled_from([ADA, EVE]))
def test_who_is_excluded_by_name_is_never_covered(
    one: Policy, directory: Directory, who: Person
) -> None:
    excluding = replace(one, exclude=replace(one.exclude, users=frozenset({who.id})))
    assert verdict(excluding, who, directory) is Verdict.NO


@given(st.lists(VERDICTS))
def test_and_and_or_are_each_others_opposites(some: list[Verdict]) -> None:
    assert all_of(some) is opposite(any_of(opposite(one) for one in some))
    assert any_of(some) is any_of(reversed(some))
