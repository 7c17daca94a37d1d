"""Keys rotated, webhooks kept and reports asked for from a terminal, against a real server."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.conftest import Headers, ada, database, issue, runtime, settings
from api.serving import served
from cli.access.conftest import silent_logs
from cli.test_atp_admin import OpenTrail
from quarterdeck.api.app import build_app
from quarterdeck.cli.atp_admin import Admin
from quarterdeck.cli.main import Nouns, build_cli
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.webhook.sender import HttpSender
from quarterdeck.runtime import Runtime
from quarterdeck.trail.retention.service.planning import Ground
from quarterdeck.trail.retention.service.watching import ComplianceWatch
from trail.installation import Installation

__all__ = ["ada", "database", "issue", "runtime", "settings", "silent_logs"]

Run = Callable[..., tuple[int, str]]
WINDOW = ("--from", "2026-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z")


@pytest.fixture
def log(runtime: Runtime, tmp_path: Path) -> Installation:
    found = Installation(runtime.engine, runtime.keys, tmp_path, OpenTrail(runtime), now=utc_now())  # type: ignore[arg-type]
    found.revoke(2)
    found.deliver()
    return found


@pytest.fixture
def run(runtime: Runtime, ada: Headers, log: Installation) -> Iterator[Run]:
    assert log.keys is runtime.keys
    sender = HttpSender(timeout_s=2)
    sending = replace(runtime, webhooks=sender)
    with served(build_app(sending), sending) as server:
        token = ada["Authorization"].removeprefix("Bearer ")

        def ran(*line: str, nouns: type[Nouns] = Nouns) -> tuple[int, str]:
            cli = build_cli(lambda: None, nouns)
            done = CliRunner().invoke(cli, ["--url", server.url, "--token", token, *line])
            return done.exit_code, done.stdout or done.stderr

        yield ran
    sender.close()


def told(answer: tuple[int, str]) -> Any:  # noqa: ANN401  JSON
    assert answer[0] == 0, answer
    return json.loads(answer[1])


@pytest.mark.census("ATP-346", "ATP-352")
@pytest.mark.parametrize("nouns", [Nouns, Admin])
def test_a_key_is_rotated_with_both_signing_for_a_while(
    run: Run, log: Installation, nouns: type[Nouns]
) -> None:
    old = log.vkey
    code, words = run("keys", "rotate", "--tenant", "acme", "--overlap-days", "1", nouns=nouns)
    assert (code, "both sign until" in words) == (0, True)
    found = told(run("keys", "list", "--tenant", "acme", "--json", nouns=nouns))
    assert [one["number"] for one in found] == [1, 2]
    assert found[0]["vkey"] == old
    assert found[1]["overlap_until"]
    assert len(log.keys.signer("acme").beside) == 1


@pytest.mark.census("ATP-354")
def test_an_emergency_names_its_incident_and_ends_the_old_key_at_once(
    run: Run, log: Installation
) -> None:
    assert run("keys", "rotate", "--tenant", "acme", "--emergency")[0] == 2
    line = ("keys", "rotate", "--tenant", "acme", "--emergency", "--incident", "INC-7", "--json")
    made = told(run(*line))
    assert (made["reason"], made["incident"]) == ("emergency", "INC-7")
    assert log.keys.signer("acme").beside == ()


def test_a_webhook_from_its_secret_to_its_end(run: Run) -> None:
    made = told(run("webhook", "add", "acme", "https://127.0.0.1:9/x", "--action", "a:b", "--json"))
    name = made["id"]
    assert made["filter"] == {"action": "a:b"}
    assert len(made["secret"]) > 20
    assert told(run("webhook", "rotate", name, "--json"))["secret"] != made["secret"]
    assert told(run("webhook", "pause", name, "--json"))["state"] == "paused"
    assert told(run("webhook", "resume", name, "--json"))["state"] == "active"
    code, words = run("webhook", "try", name)
    assert words.startswith("no answer in ")
    assert (code, "which is not public" in words) == (1, True)
    assert "None" not in run("webhook", "attempts", name)[1]
    assert name in run("webhook", "list")[1]
    assert run("webhook", "remove", name)[0] == 0
    assert told(run("webhook", "list", "--json")) == []


@pytest.mark.census("ATP-407", "ATP-424", "ATP-429")
def test_reports_have_their_sections_and_evidence_needs_proven_records(run: Run) -> None:
    names = {"retention", "residency", "holds", "integrity", "access"}
    asked = ("report", "compliance", "acme", *WINDOW)
    assert told(run(*asked, "--json"))["sections"].keys() == names
    head, *rows = [line.split("\t") for line in run(*asked)[1].splitlines()]
    assert (head, {row[0] for row in rows}) == (["section", "item", "value"], names)
    review = told(run("report", "review", "acme", *WINDOW, "--actor", "user:ada", "--json"))
    assert review["sections"].keys() == {"actions", "records", "integrity"}
    code, words = run("report", "evidence", "acme", *WINDOW, "--framework", "soc2")
    assert (code, "checkpoint" in words) == (2, True), words


def test_promises_about_records_are_shown_and_exit_by_what_is_broken(
    run: Run, runtime: Runtime, tmp_path: Path
) -> None:
    code, words = run("retention", "promises")
    assert (code, "nothing is promised" in words) == (0, True)
    file = tmp_path / "residency.json"
    file.write_text(json.dumps({"storage": ["eu-north-1"]}))
    assert run("policy", "put", "acme", "residency", str(file))[0] == 0
    ground = Ground(reader=runtime.reader, removal=runtime.removal)

    def look(region: str) -> None:
        stores = {"records": region, "segments": region}
        ComplianceWatch(
            engine=runtime.engine, ground=ground, clock=runtime.clock, stores=stores
        ).beat()

    look("")
    code, words = run("retention", "promises", "acme")
    assert (code, "stored-in-region\tnot known\tno setting says the region" in words) == (0, True)
    look("us-east-1")
    code, words = run("retention", "promises", "acme")
    assert (code, "stored-in-region\tbroken\tstored: records in us-east-1" in words) == (1, True)
    [found] = json.loads(run("retention", "promises", "--json")[1])["tenants"]
    broken = next(one for one in found["promises"] if one["verdict"] == "broken")
    assert (found["tenant"], broken["promise"]) == ("acme", "stored-in-region")
    assert broken["investigation"]
    assert broken["since"]
