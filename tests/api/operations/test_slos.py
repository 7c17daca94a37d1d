"""SLOs over HTTP: applied, looked at, tried, written out, removed."""

import pytest
import yaml
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from operations.slos.stage import UP
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.slos.own import TYPE, OwnNumbers
from quarterdeck.operations.slos.service.evaluating import Evaluating
from quarterdeck.runtime import Runtime

OBJECTS, ONE = "/api/v1/slo-objects/acme", "/api/v1/slos/acme/availability"


def evaluate(runtime: Runtime) -> None:
    own = OwnNumbers(engine=runtime.engine, metrics=runtime.metrics, clock=runtime.clock)
    Evaluating(
        tenant="acme",
        engine=runtime.engine,
        clock=runtime.clock,
        working=lambda: begin(runtime.engine, installation(), runtime.clock),
        numbers={TYPE: own},
    ).round()


def test_an_slo_is_applied_judged_looked_at_and_removed(
    client: TestClient, runtime: Runtime, ada: Headers
) -> None:
    done = client.put(OBJECTS, json={"text": UP}, headers=ada).json()
    assert done["changed"] == [{"kind": "SLO", "name": "availability"}]
    fresh = client.get(ONE, headers=ada).json()
    assert (fresh["verdict"], fresh["objectives"], fresh["window"]) == ("not known", [], "30d")
    evaluate(runtime)
    [slo] = client.get("/api/v1/slos?tenant=acme", headers=ada).json()["slos"]
    [one] = slo["objectives"]
    assert one["budget_minutes"] == pytest.approx(43.2)
    assert (one["verdict"], one["left_minutes"], one["coverage"]) == ("not known", None, 0)
    assert [burn["state"] for burn in one["burns"]] == ["not known"] * 5
    points = client.get(f"{ONE}/history", headers=ada).json()["points"]
    assert points[0]["left_share"] == 1
    assert {point["left_share"] for point in points[1:]} == {None}
    assert client.get(f"{ONE}/history?objective=9", headers=ada).status_code == 404
    assert client.delete(ONE, headers=ada).status_code == 204
    assert client.get(ONE, headers=ada).status_code == 404


def test_what_is_written_out_can_be_applied_again(client: TestClient, ada: Headers) -> None:
    client.put(OBJECTS, json={"text": UP}, headers=ada)
    text = client.get(OBJECTS, headers=ada).json()["text"]
    again = client.put(OBJECTS, json={"text": text}, headers=ada).json()
    assert (again["changed"], len(again["unchanged"])) == ([], 1)
    rules = client.get("/api/v1/slo-rules/acme", headers=ada).json()
    assert rules["notes"] == []
    assert len(yaml.safe_load(rules["text"])["groups"]) == 2


def test_a_preview_says_what_there_would_be_and_changes_nothing(
    client: TestClient, ada: Headers
) -> None:
    shown = client.post(f"{OBJECTS}/preview", json={"text": UP}, headers=ada).json()
    [one] = shown["objectives"]
    assert (one["title"], one["source"]) == ("99.9 %", "Quarterdeck")
    assert one["budget_minutes"] == pytest.approx(43.2)
    assert [rule["rate"] for rule in one["rules"]] == [72, 14.4, 6, 3, 1]
    assert client.get("/api/v1/slos", headers=ada).json() == {"slos": []}


def test_what_cannot_be_read_is_refused_with_its_place(client: TestClient, ada: Headers) -> None:
    wrong = UP.replace("0.999", "9")
    for method, path in (("PUT", OBJECTS), ("POST", f"{OBJECTS}/preview")):
        refused = client.request(method, path, json={"text": wrong}, headers=ada)
        assert refused.status_code == 422
        assert "document 1.spec.objectives[0]: a target is above 0" in refused.text
    assert client.delete(f"{OBJECTS}/Nothing/x", headers=ada).status_code == 422


def test_who_reads_does_not_write(client: TestClient, issue: Issue, nobody: Headers) -> None:
    auditor = issue("auditor", "acme")
    assert client.put(OBJECTS, json={"text": UP}, headers=auditor).status_code == 403
    assert client.get("/api/v1/slos", headers=auditor).status_code == 200
    assert client.get("/api/v1/slos", headers=nobody).status_code == 403
    sre = issue("sre", "acme")
    assert client.put(OBJECTS, json={"text": UP}, headers=sre).status_code == 200
