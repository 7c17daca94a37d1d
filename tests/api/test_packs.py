"""Packs over HTTP."""

import pytest
from starlette.testclient import TestClient

from packs.test_contradictions import RULED, WAR_ROOM
from packs.written import SEVERITY, ladder, pack, stated

Headers = dict[str, str]
URL = "/api/v1/packs"


def test_findings_name_every_line_and_their_ruling(client: TestClient, ada: Headers) -> None:
    files = pack(said=stated(*WAR_ROOM), ruled=RULED)
    answer = client.post(f"{URL}/lint", json={"files": files}, headers=ada).json()
    [one] = answer["findings"]
    assert answer["pack"] == "acme"
    assert (one["grade"], one["place"], one["also"], one["ruled_at"]) == (
        "settled",
        "said.yaml:6 (L249)",
        ["said.yaml:7 (L326)"],
        "ruled.yaml:1",
    )


def test_what_contradicts_itself_is_not_applied_before_somebody_rules(
    client: TestClient, ada: Headers
) -> None:
    files = pack(said=stated(*WAR_ROOM))
    for way in ("diff", "apply"):
        refused = client.post(f"{URL}/{way}", json={"files": files}, headers=ada)
        assert (refused.status_code, "said.yaml:6" in refused.json()["detail"]) == (422, True)
    done = client.post(f"{URL}/apply", json={"files": files | pack(ruled=RULED)}, headers=ada)
    assert [one["kind"] for one in done.json()["differences"]] == ["tenant"]


def test_a_warning_holds_nothing_up(client: TestClient, ada: Headers) -> None:
    files = pack(a=ladder(SEVERITY | {"policy": "pager"}))
    answer = client.post(f"{URL}/lint", json={"files": files}, headers=ada).json()
    assert [one["grade"] for one in answer["findings"]] == ["warning"]
    assert client.post(f"{URL}/apply", json={"files": files}, headers=ada).is_success


@pytest.mark.parametrize("way", ["lint", "diff", "apply"])
def test_who_may_not_is_refused(client: TestClient, nobody: Headers, way: str) -> None:
    answer = client.post(f"{URL}/{way}", json={"files": pack()}, headers=nobody)
    assert answer.status_code == 403


def test_what_is_no_pack_is_refused_with_its_place(client: TestClient, ada: Headers) -> None:
    files = pack(a="kind: [\n")
    answer = client.post(f"{URL}/lint", json={"files": files}, headers=ada)
    assert (answer.status_code, "a.yaml: not YAML" in answer.json()["detail"]) == (422, True)
