"""Delta queries as the simulated Microsoft Graph answers them, by what its pages promise."""

from typing import Any

import httpx2
import pytest

from providers.rehearsal import Rehearsal

GRAPH = "https://graph.microsoft.com"
CHOSEN = {
    "users": "id,displayName,mail,accountEnabled",
    "groups": "id,displayName,members",
    "applications": "id,displayName,passwordCredentials",
    "servicePrincipals": "id,displayName",
}


def ask(simulator: Rehearsal, link: str) -> httpx2.Response:
    return simulator.http.get(link, headers=simulator.bearer(0, GRAPH))


def followed(simulator: Rehearsal, answer: httpx2.Response) -> tuple[list[Any], str, int]:
    """All that is told, the link for later, and on how many pages."""
    found, pages = [], 0
    while True:
        assert answer.status_code == 200, answer.text
        body, pages = answer.json(), pages + 1
        found += body["value"]
        assert ("@odata.nextLink" in body) is not ("@odata.deltaLink" in body)
        if "@odata.deltaLink" in body:
            return found, body["@odata.deltaLink"], pages
        answer = ask(simulator, body["@odata.nextLink"])


def begun(simulator: Rehearsal, path: str, **more: str) -> tuple[list[Any], str, int]:
    asked = {"$select": CHOSEN[path]} | more
    return followed(simulator, simulator.graph(f"{path}/delta", **asked))


def since(simulator: Rehearsal, link: str) -> tuple[list[Any], str]:
    found, later, _ = followed(simulator, ask(simulator, link))
    return found, later


def change(simulator: Rehearsal, collection: str, id_: str, **more: object) -> None:
    tenant = simulator.tenant().tenant_id
    simulator.lever("directory", "PUT", tenant=tenant, collection=collection, id=id_, **more)


@pytest.mark.parametrize("path", CHOSEN)
def test_the_first_round_tells_all_and_the_next_one_nothing(
    simulator: Rehearsal, path: str
) -> None:
    found, link, pages = begun(simulator, path)
    asked = {"$select": CHOSEN[path].removesuffix(",members"), "$top": "999"}
    listed = simulator.graph(path, **asked).json()["value"]
    assert {one["id"] for one in found} == {one["id"] for one in listed}
    assert pages == (len(found) + 99) // 100
    assert "$select" not in link, "what was asked stands in the token"
    assert since(simulator, link)[0] == []


def test_from_now_on_tells_what_comes_and_nothing_before(simulator: Rehearsal) -> None:
    found, link, pages = begun(simulator, "users", **{"$deltatoken": "latest"})
    assert (found, pages) == ([], 1)
    one = simulator.graph("users").json()["value"][0]["id"]
    change(simulator, "users", one, fields={"displayName": "Ada", "mail": None})
    [told], link = since(simulator, link)
    assert (told["id"], told["displayName"], told["mail"]) == (one, "Ada", None)
    assert told["accountEnabled"] is True, "what did not change comes along"
    assert since(simulator, link)[0] == []


def test_a_field_that_was_never_set_is_left_out(simulator: Rehearsal) -> None:
    found, _, _ = begun(simulator, "users")
    guests = [one for one in found if "mail" not in one]
    assert guests
    assert all(None not in one.values() for one in found)


def test_what_is_gone_says_so_and_what_is_not_chosen_is_not_told(simulator: Rehearsal) -> None:
    _, link, _ = begun(simulator, "users")
    first, second = [one["id"] for one in simulator.graph("users").json()["value"][:2]]
    change(simulator, "users", first)
    change(simulator, "users", second, fields={"jobTitle": "Cook"})
    assert since(simulator, link)[0] == [{"id": first, "@removed": {"reason": "changed"}}]


def test_who_joins_and_who_leaves_a_group_is_told_with_the_group(simulator: Rehearsal) -> None:
    found, link, _ = begun(simulator, "groups")
    group = next(one for one in found if len(one.get("members@delta", ())) > 1)
    leaves, dies = [m["id"] for m in group["members@delta"] if m["@odata.type"].endswith("user")][
        :2
    ]
    change(simulator, f"groups/{group['id']}/members", leaves)
    change(simulator, f"groups/{group['id']}/members", "new", fields={})
    change(simulator, "users", dies)
    [told], _ = since(simulator, link)
    came = [m["id"] for m in told["members@delta"] if "@removed" not in m]
    left = {m["id"] for m in told["members@delta"] if m.get("@removed") == {"reason": "deleted"}}
    assert (told["id"], came, left) == (group["id"], ["new"], {leaves, dies})
    inside = simulator.graph(f"groups/{group['id']}/members", **{"$top": "999"}).json()["value"]
    assert "new" in {m["id"] for m in inside}
    assert not {leaves, dies} & {m["id"] for m in inside}


def test_a_token_ends_after_seven_days_or_when_the_cloud_forgets_it(simulator: Rehearsal) -> None:
    now = simulator.http.get("/_simulator/clock").json()["now"]
    _, link, _ = begun(simulator, "users")
    simulator.lever("clock", seconds=7 * 86_400 + 60)
    late = ask(simulator, link)
    simulator.lever("clock", "PUT", now=now)
    assert (late.status_code, late.json()["error"]["code"]) == (400, "syncStateNotFound")
    assert ask(simulator, link).status_code == 200
    simulator.http.delete("/_simulator/deltas")
    gone = ask(simulator, link)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "resyncRequired")


def test_a_silent_change_is_found_by_the_listing_alone(simulator: Rehearsal) -> None:
    _, link, _ = begun(simulator, "users")
    _, groups, _ = begun(simulator, "groups")
    one = simulator.graph("users").json()["value"][0]["id"]
    change(simulator, "users", one, fields={"displayName": "Nobody told"}, silent=True)
    assert since(simulator, link)[0] == []
    assert since(simulator, groups)[0] == []
    assert simulator.graph("users").json()["value"][0]["displayName"] == "Nobody told"


@pytest.mark.parametrize(
    "asked", [{"$top": "5"}, {"$expand": "members"}, {"$select": "id,signInActivity"}]
)
def test_what_no_delta_query_takes_is_refused(simulator: Rehearsal, asked: dict[str, str]) -> None:
    assert simulator.graph("users/delta", **asked).status_code == 400


def test_sign_ins_since_a_moment(simulator: Rehearsal) -> None:
    asked = {"$select": "id,signInActivity", "$top": "999"}
    cut = "2026-01-01T00:00:00Z"
    test = f"signInActivity/lastSuccessfulSignInDateTime ge {cut}"
    found = simulator.graph("users", **asked, **{"$filter": test}).json()["value"]
    stamps = [one["signInActivity"]["lastSuccessfulSignInDateTime"] for one in found]
    assert stamps
    assert min(stamps) >= cut
    all_ = simulator.graph("users", **asked).json()["value"]
    assert len(found) < len(all_) or any("signInActivity" not in one for one in all_)
