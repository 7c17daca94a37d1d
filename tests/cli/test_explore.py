"""quarterdeck trail query and its kin, against a server."""

import json
from collections.abc import Iterator

import pytest

from cli.test_trail import Desk, desk, no_log
from quarterdeck.trail.log.record import Party
from trail.committing import EMAIL, commit, draft
from trail.logs import Logs, record, several

__all__ = ["desk", "no_log"]


@pytest.fixture
def logs(desk: Desk) -> Iterator[Logs]:
    """Records of ours behind those of the desk, all in the read model."""
    found = Logs(desk.installation)
    found.append(*several(range(6)), record(9, actor=Party("user", "grace")))
    found.sign()
    found.project()
    yield found
    found.close()


def lines(desk: Desk, *said: str) -> list[list[str]]:
    done = desk.run("trail", *said)
    assert done.exit_code == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()[1:]]


@pytest.mark.census("ATP-501")
@pytest.mark.usefixtures("logs")
def test_records_are_found_by_actor_by_resource_and_by_time(desk: Desk) -> None:
    assert [line[2] for line in lines(desk, "actor", "grace")] == ["grace"]
    assert {line[4] for line in lines(desk, "resource", "o2", "--type", "order")} == {"order:o2"}
    newest = lines(desk, "timeline", "--limit", "3")
    assert [line[1] for line in newest] == sorted((line[1] for line in newest), reverse=True)
    within = ("--from", "2026-02-28T12:01:00Z", "--to", "2026-02-28T12:03:00Z")
    assert len(lines(desk, "timeline", *within)) == 2
    found = lines(desk, "query", "--action", "orders:create", "--outcome", "success")
    assert len(found) == 7
    assert {line[6] for line in found} == {"yes"}


def test_records_are_found_by_a_committed_field(desk: Desk, logs: Logs) -> None:
    commit(logs, draft(20, {EMAIL: "ada@example.com"}), draft(21, {EMAIL: "bob@example.com"}))
    logs.project()
    (line,) = lines(desk, "query", "--field", f"{EMAIL}:ada@example.com")
    assert line[4] == "order:o0"
    unseen = desk.run("trail", "query", "--field", EMAIL, typed="bob@example.com\n")
    assert unseen.exit_code == 0
    assert "order:o1" in unseen.stdout
    assert "bob@example.com" not in unseen.output
    wrong = desk.run("trail", "query", "--field", "email:ada")
    assert (wrong.exit_code, "PATH:VALUE" in wrong.stderr) == (2, True)


@pytest.mark.usefixtures("logs")
def test_an_answer_with_its_proof_is_one_document(desk: Desk) -> None:
    page = json.loads(desk.run("trail", "query", "--actor", "grace", "--proof").stdout)
    assert page["proof"]["indices"] == [page["events"][0]["index"]]


@pytest.mark.usefixtures("logs")
def test_what_is_wrong_or_not_allowed_says_so(desk: Desk) -> None:
    wrong = desk.run("trail", "query", "--outcome", "maybe")
    assert (wrong.exit_code, "denied, failure, success" in wrong.stderr) == (2, True)
    refused = desk.run("trail", "projections", "pause", "actor")
    assert (refused.exit_code, "projections:pause" in refused.stderr) == (3, True)
    refused = desk.run("trail", "projections", "rebuild", "actor", "--tenant", "acme")
    assert refused.exit_code == 3


def test_projections_are_listed_with_their_lag(desk: Desk, logs: Logs) -> None:
    logs.append(record(20))
    found = lines(desk, "projections", "list")
    assert [line[0] for line in found] == ["timeline", "actor", "resource", "fields", "search"]
    assert {line[3] for line in found} == {"1"}
    shown = desk.run("trail", "timeline", "--limit", "1")
    assert "1 records of the log are too new" in shown.stderr
