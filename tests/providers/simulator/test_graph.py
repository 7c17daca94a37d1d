"""Microsoft Graph as the simulated directories answer it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from providers.rehearsal import Rehearsal
from quarterdeck.kernel.clock import utc_now

GRAPH = "https://graph.microsoft.com"
REGISTRATIONS = "reports/authenticationMethods/userRegistrationDetails"
CONDITIONAL = "identity/conditionalAccess/policies"
ASSIGNMENTS = "roleManagement/directory/roleAssignments"


def everything(simulator: Rehearsal, path: str, tenant: int = 0, /, **asked: str) -> list[Any]:
    """All objects of a listing, every page."""
    answer = simulator.graph(path, tenant, **asked)
    headers, found = simulator.bearer(tenant, GRAPH), []
    while True:
        assert answer.status_code == 200, answer.text
        found += answer.json()["value"]
        link = answer.json().get("@odata.nextLink")
        if link is None:
            return found
        answer = simulator.http.get(link, headers=headers)


def ids(found: list[Any]) -> set[str]:
    return {one["id"] for one in found}


def test_a_token_opens_the_one_api_it_was_issued_for(simulator: Rehearsal) -> None:
    arm, graph = simulator.bearer(), simulator.bearer(0, GRAPH)
    wrong = simulator.http.get("/v1.0/users", headers=arm)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert "Invalid audience" in wrong.json()["error"]["message"]
    wrong = simulator.http.get("/subscriptions?api-version=1", headers=graph)
    assert wrong.json()["error"]["code"] == "InvalidAuthenticationTokenAudience"
    nobody = simulator.http.get("/v1.0/users")
    assert nobody.status_code == 401
    assert {"date", "request-id", "client-request-id"} == {*nobody.json()["error"]["innerError"]}


def test_every_user_is_listed_once_over_all_pages(simulator: Rehearsal) -> None:
    found = everything(simulator, "users", **{"$top": "50", "$select": "id,userType"})
    assert len(found) == len(ids(found)) > 200
    assert 0.05 < sum(one["userType"] == "Guest" for one in found) / len(found) < 0.25
    assert all(one.keys() == {"id", "userType"} for one in found)


def test_without_a_choice_a_user_shows_what_graph_shows(simulator: Rehearsal) -> None:
    one = simulator.graph("users").json()["value"][0]
    assert {"displayName", "userPrincipalName", "id"} <= one.keys()
    assert not {"userType", "signInActivity", "accountEnabled"} & one.keys()


def test_sign_ins_are_shown_120_users_a_page_and_some_are_long_past(simulator: Rehearsal) -> None:
    asked = {"$select": "id,accountEnabled,signInActivity", "$top": "999"}
    assert len(simulator.graph("users", **asked).json()["value"]) == 120
    found = everything(simulator, "users", **asked)
    now = datetime.fromisoformat(simulator.http.get("/_simulator/clock").json()["now"])
    ages = [
        now - datetime.fromisoformat(one["signInActivity"]["lastSignInDateTime"])
        for one in found
        if "signInActivity" in one
    ]
    assert 0 < len(ages) < len(found), "some never signed in"
    assert 0 < sum(age > timedelta(days=90) for age in ages) < len(ages) / 2
    assert all(age >= timedelta(0) for age in ages)


def test_those_who_work_sign_in_again_as_the_clock_runs(simulator: Rehearsal) -> None:
    asked = {"$select": "signInActivity", "$top": "20"}
    before = simulator.graph("users", **asked).json()["value"]
    now = simulator.http.get("/_simulator/clock").json()["now"]
    simulator.lever("clock", seconds=40 * 86_400)
    after = simulator.graph("users", **asked).json()["value"]
    simulator.lever("clock", "PUT", now=now)
    assert 0 < sum(one == other for one, other in zip(before, after, strict=True)) < 20


@pytest.mark.parametrize(
    ("permission", "path", "asked", "code"),
    [
        ("User.Read.All", "users", {}, "Authorization_RequestDenied"),
        ("Group.Read.All", "groups", {}, "Authorization_RequestDenied"),
        ("RoleManagement.Read.Directory", ASSIGNMENTS, {}, "Authorization_RequestDenied"),
        ("Application.Read.All", "applications", {}, "Authorization_RequestDenied"),
        ("Application.Read.All", "servicePrincipals", {}, "Authorization_RequestDenied"),
        ("Organization.Read.All", "organization", {}, "Authorization_RequestDenied"),
        ("Policy.Read.All", CONDITIONAL, {}, "AccessDenied"),
        ("AuditLog.Read.All", REGISTRATIONS, {}, "Authentication_MSGraphPermissionMissing"),
        (
            "AuditLog.Read.All",
            "users",
            {"$select": "signInActivity"},
            "Authentication_MSGraphPermissionMissing",
        ),
    ],
)
def test_a_missing_permission_is_refused_as_graph_refuses_it(
    simulator: Rehearsal, permission: str, path: str, asked: dict[str, str], code: str
) -> None:
    assert simulator.graph(path, **asked).status_code == 200
    one = simulator.tenant().tenant_id
    simulator.lever("lacks", permission=permission, tenant=one)
    answer = simulator.graph(path, **asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, code)
    assert simulator.graph(path, 1, **asked).status_code == 200, "another has it still"


@pytest.mark.parametrize(
    ("path", "asked"),
    [(REGISTRATIONS, {}), (CONDITIONAL, {}), ("users", {"$select": "id,signInActivity"})],
)
def test_what_needs_a_licence_is_refused_to_a_free_directory(
    simulator: Rehearsal, path: str, asked: dict[str, str]
) -> None:
    code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    free = simulator.graph(path, 2, **asked)
    assert (free.status_code, free.json()["error"]["code"]) == (403, code)
    assert simulator.graph(path, 0, **asked).status_code == 200
    simulator.lever("lacks", permission="AAD_PREMIUM", tenant=simulator.tenant().tenant_id)
    assert simulator.graph(path, 0, **asked).json()["error"]["code"] == code


def test_licences_are_listed_where_there_are_any(simulator: Rehearsal) -> None:
    parts = [
        [one["skuPartNumber"] for one in simulator.graph("subscribedSkus", n).json()["value"]]
        for n in range(3)
    ]
    assert parts == [["AAD_PREMIUM_P2"], ["AAD_PREMIUM"], []]


def test_the_members_of_a_group_include_those_of_its_groups(simulator: Rehearsal) -> None:
    first = simulator.graph("groups").json()["value"][0]["id"]
    direct = everything(simulator, f"groups/{first}/members")
    deep = everything(simulator, f"groups/{first}/transitiveMembers")
    assert ids(direct) < ids(deep)
    assert len(deep) == len(ids(deep))
    inner = [one["id"] for one in deep if one["@odata.type"] == "#microsoft.graph.group"]
    assert len(inner) == 2
    for one in inner:
        assert ids(everything(simulator, f"groups/{one}/members")) <= ids(deep)


def test_a_group_that_is_not_there_is_not_found(simulator: Rehearsal) -> None:
    answer = simulator.graph("groups/none/members")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_roles_are_held_by_people_groups_and_applications(simulator: Rehearsal) -> None:
    plain = everything(simulator, ASSIGNMENTS)
    assert not {"principal", "roleDefinition"} & plain[0].keys()
    whole = everything(simulator, ASSIGNMENTS, **{"$expand": "principal,roleDefinition"})
    kinds = {one["principal"]["@odata.type"].rpartition(".")[2] for one in whole}
    assert kinds == {"user", "group", "servicePrincipal"}
    known = ids(everything(simulator, "roleManagement/directory/roleDefinitions"))
    assert {one["roleDefinitionId"] for one in whole} <= known
    principals = ids(everything(simulator, "users")) | ids(everything(simulator, "groups"))
    principals |= ids(everything(simulator, "servicePrincipals"))
    assert {one["principalId"] for one in whole} <= principals


def test_mfa_is_demanded_in_earnest_or_only_reported(simulator: Rehearsal) -> None:
    states = [
        {one["displayName"]: one["state"] for one in everything(simulator, CONDITIONAL, number)}
        for number in (0, 1)
    ]
    asked = "Require MFA for all users"
    assert states[0][asked] == "enabled"
    assert states[1][asked] == "enabledForReportingButNotEnforced"
    defaults = "policies/identitySecurityDefaultsEnforcementPolicy"
    enabled = [simulator.graph(defaults, number).json()["isEnabled"] for number in range(3)]
    assert enabled == [False, False, True]


def test_not_everybody_has_registered_for_mfa(simulator: Rehearsal) -> None:
    found = everything(simulator, REGISTRATIONS)
    registered = sum(one["isMfaRegistered"] for one in found)
    assert 0.6 < registered / len(found) < 0.95
    assert ids(found) < ids(everything(simulator, "users"))
    assert any(one["isAdmin"] and not one["isMfaRegistered"] for one in found)


def test_secrets_and_certificates_end_soon_late_or_have_ended(simulator: Rehearsal) -> None:
    found = everything(simulator, "applications")
    assert found[0]["appId"] == simulator.tenant().client_id
    now = utc_now()
    left = [
        datetime.fromisoformat(secret["endDateTime"]) - now
        for one in found
        for secret in one["passwordCredentials"]
    ]
    assert min(left) < timedelta(0) < timedelta(days=100) < max(left)
    assert any(timedelta(0) < one < timedelta(days=30) for one in left)
    assert any(one["keyCredentials"] for one in found)
    assert any(not one["passwordCredentials"] for one in found)
    known = {one["appId"] for one in everything(simulator, "servicePrincipals")}
    assert {one["appId"] for one in found} < known


def test_objects_can_be_changed_made_and_deleted_by_hand(simulator: Rehearsal) -> None:
    tenant = simulator.tenant().tenant_id
    one, other = everything(simulator, "groups")[:2]
    change = {"tenant": tenant, "collection": "groups"}
    simulator.lever("directory", "PUT", **change, id=one["id"], fields={"displayName": "Renamed"})
    simulator.lever("directory", "PUT", **change, id=other["id"], fields=None)
    simulator.lever("directory", "PUT", **change, id="new", fields={"displayName": "New"})
    names = {group["id"]: group["displayName"] for group in everything(simulator, "groups")}
    assert names[one["id"]] == "Renamed"
    assert other["id"] not in names
    assert names["new"] == "New"


def test_a_filter_and_a_count_are_understood(simulator: Rehearsal) -> None:
    asked = {"$filter": "userType eq 'Guest' and accountEnabled eq true", "$count": "true"}
    guests = simulator.graph("users", **asked, **{"$select": "userType,accountEnabled"}).json()
    assert guests["@odata.count"] > 0
    assert {(one["userType"], one["accountEnabled"]) for one in guests["value"]} == {
        ("Guest", True)
    }


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"$top": "1000"}, "Request_UnsupportedQuery"),
        ({"$top": "x"}, "Request_UnsupportedQuery"),
        ({"$filter": "startswith(displayName,'a')"}, "BadRequest"),
        ({"$expand": "manager"}, "BadRequest"),
    ],
)
def test_what_graph_cannot_do_is_refused(
    simulator: Rehearsal, asked: dict[str, str], code: str
) -> None:
    answer = simulator.graph("users", **asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
