"""Policies over HTTP, from a terminal, and from a pack: version by version."""

import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.conftest import Headers, Issue
from api.serving import served
from quarterdeck.access.principals.model import installation
from quarterdeck.cli.main import build_cli
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.outbox import outbox
from quarterdeck.kernel.work import begin
from quarterdeck.packs import loader
from quarterdeck.packs.model import Step
from quarterdeck.runtime import Runtime

HERE = "/api/v1/trail/policies"
RULES = {"rules": [{"path": "/payload/amount", "class": "public"}, {"retention": "long"}]}
SAMPLE = {
    "occurred_at": "2026-02-28T12:00:00Z",
    "actor": {"type": "user", "id": "u-1"},
    "action": "orders:create",
    "resource": {"type": "order", "id": "o-1"},
    "payload": {"amount": 1, "email": "ada@example.com"},
}


@pytest.fixture
def database(engine: Engine) -> Engine:
    """On SQLite, and on PostgreSQL."""
    return engine


@pytest.fixture
def officer(issue: Issue) -> Headers:
    """Who sets policies."""
    return issue("compliance", "acme", home="acme")


def facts(runtime: Runtime) -> list[str]:
    with runtime.engine.connect() as db:
        return [n for n in db.scalars(select(outbox.c.name)) if n == "PolicySet"]


def test_every_version_stays_and_each_change_is_told(
    client: TestClient, officer: Headers, runtime: Runtime
) -> None:
    path = f"{HERE}/acme/classification"
    first = client.put(path, json={"document": RULES}, headers=officer).json()
    again = client.put(path, json={"document": RULES}, headers=officer).json()
    second = client.put(path, json={"document": {}}, headers=officer).json()
    assert [one["version"] for one in (first, again, second)] == [1, 1, 2]
    assert client.get(path, headers=officer).json()["version"] == 2
    old = client.get(path, params={"version": 1}, headers=officer).json()
    assert old["digest"] == first["digest"]
    found = client.get(f"{path}/versions", headers=officer).json()["versions"]
    assert [one["version"] for one in found] == [2, 1]
    assert len(facts(runtime)) == 2


def test_a_dry_run_tries_a_sample_and_changes_nothing(
    client: TestClient, officer: Headers, runtime: Runtime
) -> None:
    path = f"{HERE}/acme/classification"
    body = {"document": RULES, "sample": SAMPLE}
    told = client.put(path, params={"dry_run": True}, json=body, headers=officer).json()
    assert told["version"] == 1
    assert told["tried"] == {
        "classification": {"/payload/amount": "public", "/payload/email": "restricted"},
        "retention": "long",
        "clear": {"amount": 1},
        "subjects": {"/payload/email": "user:u-1"},
    }
    assert client.get(path, headers=officer).status_code == 404
    assert facts(runtime) == []


def test_who_saw_an_older_version_changes_nothing(client: TestClient, officer: Headers) -> None:
    path = f"{HERE}/acme/redaction"
    body = {"document": {"roles": {"auditor": {"restricted": "mask"}}}}
    assert client.put(path, params={"known": 0}, json=body, headers=officer).status_code == 200
    late = client.put(path, params={"known": 0}, json={"document": {}}, headers=officer)
    assert late.status_code == 409


def test_a_wrong_rule_is_named(client: TestClient, officer: Headers) -> None:
    body = {"document": {"rules": [{"retention": "long"}, {"path": "/payload/a", "class": "top"}]}}
    answer = client.put(f"{HERE}/acme/classification", json=body, headers=officer)
    assert answer.status_code == 422
    assert "rules[1]" in answer.json()["detail"]


def test_a_tenant_sets_neither_its_own_rate_nor_anothers_rules(
    client: TestClient, officer: Headers, issue: Issue
) -> None:
    rate = {"events_per_s": 10, "burst": 10}
    holder = issue("tenant-admin", "acme", home="acme")
    assert client.put(f"{HERE}/acme/ingest-rate", json=rate, headers=holder).status_code == 403
    for tenant in ("other", "_platform"):
        path = f"{HERE}/{tenant}/classification"
        refused = client.put(path, json={"document": RULES}, headers=officer)
        assert refused.status_code in (403, 404)
    assert [
        one["tenant"]
        for one in client.get(HERE, headers=issue("auditor", "other")).json()["policies"]
    ] == []


def test_the_terminal_puts_and_shows_them(
    app: FastAPI, runtime: Runtime, ada: Headers, tmp_path: Path
) -> None:
    rules, sample = tmp_path / "rules.yaml", tmp_path / "event.json"
    rules.write_text("rules:\n  - {path: /payload/amount, class: public}\n")
    sample.write_text(json.dumps(SAMPLE))
    secret = ada["Authorization"].removeprefix("Bearer ")
    with served(app, runtime) as server:

        def run(*line: str) -> str:
            cli = build_cli(lambda: None)
            said = CliRunner().invoke(
                cli, ["--url", server.url, "--token", secret, "policy", *line]
            )
            assert said.exit_code == 0, said.output
            return said.output

        tried = run(
            "put", "acme", "classification", str(rules), "--sample", str(sample), "--dry-run"
        )
        assert "/payload/email" in tried
        run("put", "acme", "classification", str(rules))
        assert "classification" in run("list")
        assert '"version": 1' in run("versions", "acme", "classification", "--json")
        assert "/payload/amount" in run("get", "acme", "classification")


def test_a_pack_holds_them_and_applying_twice_is_applying_once(runtime: Runtime) -> None:
    files = {
        "pack.yaml": "pack: acme\ntitle: Acme\nsource: our own\nversion: '1'\n",
        "rules.yaml": (
            "kind: classification\nname: acme\n"
            "spec: {rules: [{path: /payload/amount, class: public}]}\n"
        ),
    }
    found: list[Step] = []
    exported: dict[str, str] = {}
    for _ in range(2):
        with begin(runtime.engine, installation(), utc_now) as work:
            found += [one.step for one in loader.apply(work, files)[1]]
            exported = loader.export(work, "acme")
    assert found == [Step.ADD, Step.KEEP]
    assert "path: /payload/amount" in exported["classification.yaml"]
