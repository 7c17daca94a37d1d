import json
from collections.abc import Callable

import pytest

from governance.estate import Estate, arm
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass

Run = Callable[..., tuple[int, str, str]]


def test_a_sync_is_waited_for_and_shown(run: Run, estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    cloud.hold("a", "b")
    code, table, _ = run("sync run")
    assert code == 0, table
    assert "contoso\tresources\tsuccess" in table
    assert "+2 ~0 -0" in table
    code, found, _ = run("sync runs --json")
    assert (code, json.loads(found)[0]["records"]) == (0, 2)


def test_a_sync_that_fails_says_what_to_do(run: Run, estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    cloud.refusal = CloudFailure(FailureClass.AUTHENTICATION, "AADSTS7000215: Invalid secret")
    code, table, words = run("sync run --tenant contoso")
    assert code == 1
    assert "failed" in table
    assert "Rotate the credential" in words


@pytest.mark.usefixtures("estate")
def test_with_nothing_connected_it_is_refused_and_says_what_to_do(run: Run) -> None:
    code, data, words = run("sync run")
    assert (code, data) == (3, "")
    assert "connect one" in words


def test_status_shows_ages_and_ends_with_1_when_stale(run: Run, estate: Estate) -> None:
    estate.connect("contoso")
    assert run("sync status")[:2] == (0, run("sync status")[1])
    assert "never\tno data yet" in run("sync status")[1]
    run("sync run")
    code, found, _ = run("sync status --json")
    states = {age["domain"]: age["state"] for age in json.loads(found)}
    assert (code, states["resources"]) == (0, "current")


def test_a_run_that_has_ended_is_not_cancelled(run: Run, estate: Estate) -> None:
    estate.connect("contoso")
    run("sync run")
    [ended] = json.loads(run("sync runs --json --limit 1")[1])
    code, _, words = run(f"sync cancel {ended['id']}")
    assert code == 3
    assert "ended" in words


def test_resources_are_listed_narrowed_and_shown(run: Run, estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    cloud.pages["s1"] = [[arm("alpha", location="westeurope"), arm("beta", sku={"name": "P1"})]]
    run("sync run")
    code, table, words = run("resource list --limit 1")
    assert (code, words) == (0, "1 of 2; narrow it down, or raise --limit")
    assert "alpha\tMicrosoft.Web/sites\twesteurope\tcontoso" in table
    [found] = json.loads(run("resource list --text BETA --tenant contoso --json")[1])
    code, shown, _ = run(f"resource show {found['id']}")
    assert code == 0
    assert '"P1"' in shown
    assert "added" in shown
    assert run("resource show nothing")[0] == 2
