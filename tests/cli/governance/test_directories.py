"""Identity, preflight and a tenant's checklist on the command line."""

import json
from collections.abc import Callable

import pytest

from governance.estate import Estate
from governance.identity.directory import settle, unlicensed
from governance.preflight.test_preflight import well
from quarterdeck.governance.cloud.ports import Denied
from quarterdeck.governance.preflight.jobs import kinds
from quarterdeck.kernel import beats
from quarterdeck.kernel.db import writing

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def directory(run: Run, estate: Estate) -> Run:
    """A command line beside a directory of a few people that has been read."""
    _, cloud = estate.connect("contoso")
    settle(cloud)
    assert run("sync run identity")[0] == 0
    return run


def test_nobody_is_known_before_a_directory_was_read(run: Run, estate: Estate) -> None:
    estate.connect("contoso")
    assert run("identity users") == (0, "", run("identity users")[2])
    assert "quarterdeck sync run identity" in run("identity users")[2]


def test_people_are_listed_and_filtered_by_what_is_known_of_them(directory: Run) -> None:
    code, table, _ = directory("identity users")
    assert code == 0
    assert table.startswith("name\tsign-in name\ttenant\tstale\tprivileged")
    everybody = json.loads(directory("identity users --json")[1])
    proven = json.loads(directory("identity users --registered yes --json")[1])
    assert {user["id"] for user in proven} < {user["id"] for user in everybody}
    assert all(user["mfa_registered"] == "yes" for user in proven)
    assert json.loads(directory("identity users --tenant contoso --json")[1]) == everybody
    lines = directory("identity users --jsonl")[1].splitlines()
    assert [json.loads(line) for line in lines] == everybody


def test_who_is_privileged_and_which_secrets_end_are_listed(directory: Run) -> None:
    privileged = json.loads(directory("identity privileged --json")[1])
    assert privileged
    assert all(user["privileged"] == "yes" for user in privileged)
    code, table, _ = directory("identity credentials --days 3650")
    assert (code, "Billing" in table) == (0, True)


def test_what_a_licence_hides_is_not_known_rather_than_no(run: Run, estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    settle(cloud)
    unlicensed(cloud)
    run("sync run identity")
    code, table, said = run("identity summary")
    assert code == 0
    assert "not known" in table
    assert "not known: " in said
    assert "missing: " in said


def test_preflight_ends_by_what_it_found_and_says_what_to_grant(run: Run, estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    settle(cloud)
    cloud.pages = {"s1": [[]]}
    action = "Microsoft.Security/secureScores/read"
    cloud.said[("secure_scores",)] = [Denied("AuthorizationFailed", missing=action)]
    estate.more = kinds(estate.open, well, well)
    with writing(estate.engine) as db:
        beats.beat(db, "w", "worker")
    code, table, said = run("preflight run --failed")
    assert code == 1
    assert "secure_scores\tfail\tSecurity Reader" in table
    assert "grant Security Reader to Contoso" in said
    assert json.loads(run("preflight role")[1])["Actions"]
    code, found, _ = run("preflight run --json")
    assert (code, json.loads(found)["overall"]) == (1, "fail")
    assert run("preflight clear")[0] == 0


def test_preflight_without_a_worker_is_not_known_and_ends_with_4(run: Run, estate: Estate) -> None:
    estate.connect("contoso")
    code, table, said = run("preflight run")
    assert code == 4
    assert "not_known" in table
    assert said.rstrip().endswith("preflight: not known")


def test_a_checklist_is_shown_recorded_and_verified(run: Run, estate: Estate) -> None:
    estate.connect("contoso")
    code, table, said = run("tenant checklist contoso")
    assert (code, table.startswith("item\tstate\tby\tevidence")) == (0, True)
    assert said.startswith("next: ")
    first = json.loads(run("tenant checklist contoso --json")[1])["next"]
    told = run(f"tenant record contoso {first} done --evidence https://tickets.example/7 --json")
    items = {item["name"]: item for item in json.loads(told[1])["items"]}
    assert (items[first]["state"], items[first]["evidence"]) == (
        "done",
        "https://tickets.example/7",
    )
    assert run(f"tenant record contoso {first} perhaps")[0] == 2
    assert run("tenant record contoso nothing done")[0] == 2
    assert run("tenant verify contoso")[0] == 1
    assert run("tenant checklist nobody")[0] == 2


def test_what_is_done_is_said_as_json(run: Run, estate: Estate) -> None:
    estate.connect("contoso")

    def said(line: str) -> dict[str, object]:
        code, found, _ = run(f"{line} --json")
        assert code == 0, line
        told: dict[str, object] = json.loads(found)
        return told

    paused = said("sync pause resources --tenant contoso")
    assert paused == {"domain": "resources", "tenant": "contoso", "paused": True}
    assert said("sync resume resources --tenant contoso")["paused"] is False
    made = said("export begin nightly --tenant contoso")
    removed = said(f"export remove {made['id']} --yes")
    assert removed == {"id": made["id"], "removed": True}
