"""Exports over HTTP: asked for, made, fetched, refused."""

import json
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from quarterdeck.runtime import Runtime
from quarterdeck.trail.export import verify
from quarterdeck.trail.log.opening import open_trail
from trail.export.press import Exporter
from trail.installation import Installation
from trail.logs import Logs, several

EXPORTS = "/api/v1/trail/exports"


@pytest.fixture
def press(runtime: Runtime, tmp_path: Path) -> Iterator[Exporter]:
    """A log of 30 signed records."""
    trail = open_trail(runtime.engine, tmp_path / "trail", lasting=False)
    installation = Installation(runtime.engine, runtime.keys, tmp_path, trail)
    logs = Logs(installation, shared=runtime.explorer)
    logs.append(*several(range(30)))
    logs.sign()
    installation.now = runtime.clock()
    yield Exporter(installation)
    trail.close()


@pytest.fixture
def rita(issue: Issue) -> Headers:
    return issue("auditor", "acme", home="acme")


@pytest.mark.census("ATP-428")
def test_an_auditor_has_a_bundle_made_fetches_it_and_verifies_it(
    client: TestClient, rita: Headers, press: Exporter, tmp_path: Path
) -> None:
    asked = client.post(EXPORTS, json={"tenant": "acme", "first": 3}, headers=rita)
    assert (asked.status_code, asked.json()["state"]) == (202, "asked")
    one = f"{EXPORTS}/{asked.json()['id']}"
    early = client.get(f"{one}/file", headers=rita)
    assert (early.status_code, "asked" in early.json()["detail"]) == (404, True)
    press.turn()
    done = client.get(one, headers=rita).json()
    assert (done["state"], done["records"], done["looked_at"]) == ("done", 27, 27)
    file = client.get(f"{one}/file", headers=rita)
    assert file.headers["content-type"] == "application/zip"
    assert file.headers["content-disposition"].endswith(f'{done["id"]}.zip"')
    assert sha256(file.content).hexdigest() == done["sha256"]
    ZipFile(BytesIO(file.content)).extractall(tmp_path / "there")
    assert verify.verify(tmp_path / "there", press.installation.vkey)
    (listed,) = client.get(EXPORTS, headers=rita).json()["exports"]
    assert listed == done


def test_a_filter_makes_a_selection(client: TestClient, rita: Headers, press: Exporter) -> None:
    body = {"tenant": "acme", "format": "ndjson", "filter": {"actor": "u1"}}
    asked = client.post(EXPORTS, json=body, headers=rita).json()
    press.turn()
    file = client.get(f"{EXPORTS}/{asked['id']}/file", headers=rita)
    assert len(file.text.splitlines()) == 10
    done = client.get(f"{EXPORTS}/{asked['id']}", headers=rita).json()
    assert (done["complete"], done["filter"]) == (False, {"actor": "u1"})


@pytest.mark.usefixtures("press")
def test_what_cannot_be_exported_is_refused_by_name(
    client: TestClient, rita: Headers, eve: Headers, issue: Issue
) -> None:
    def status(headers: Headers, **said: object) -> int:
        return client.post(EXPORTS, json={"tenant": "acme"} | said, headers=headers).status_code

    assert status(rita, end=31) == 422
    assert status(rita, format="xml") == 422
    assert status(rita, format="csv", disclose=True) == 422
    assert status(eve) == 404
    assert status(issue("sre")) == 403
    asked = client.post(EXPORTS, json={"tenant": "acme"}, headers=rita).json()
    assert client.get(f"{EXPORTS}/{asked['id']}", headers=eve).status_code == 404
    assert client.post(f"{EXPORTS}/{asked['id']}/cancel", headers=eve).status_code == 404
    assert client.post(f"{EXPORTS}/{asked['id']}/cancel", headers=rita).status_code == 200
    assert client.post(f"{EXPORTS}/{asked['id']}/cancel", headers=rita).status_code == 409


@pytest.mark.census("ATP-424")
def test_an_evidence_package_bears_the_reports_of_its_framework_and_period(
    client: TestClient, rita: Headers, press: Exporter, tmp_path: Path
) -> None:
    body = {
        "tenant": "acme",
        "framework": "soc2",
        "from": "2026-02-28T12:00:00Z",
        "to": "2026-02-28T12:10:00Z",
    }
    asked = client.post("/api/v1/trail/reports/evidence", json=body, headers=rita)
    assert asked.status_code == 202, asked.text
    press.turn()
    file = client.get(f"{EXPORTS}/{asked.json()['id']}/file", headers=rita)
    ZipFile(BytesIO(file.content)).extractall(tmp_path / "there")
    assert verify.verify(tmp_path / "there", press.installation.vkey)
    found = json.loads((tmp_path / "there/reports.json").read_text())
    assert set(found["sections"]) == {"retention", "integrity", "access"}
    assert found["sections"]["access"]["count"] == 10
    (tmp_path / "there/reports.json").write_text("{}")
    with pytest.raises(verify.Wrong, match=r"reports\.json"):
        verify.verify(tmp_path / "there", press.installation.vkey)


@pytest.mark.census("ATP-396")
@pytest.mark.usefixtures("press")
def test_a_freeze_answers_409(client: TestClient, rita: Headers, ada: Headers) -> None:
    freeze = {"reason": "tamper-investigation"}
    assert client.post("/api/v1/trail/integrity/freeze", json=freeze, headers=ada).is_success
    refused = client.post(EXPORTS, json={"tenant": "acme"}, headers=rita)
    assert (refused.status_code, "frozen" in refused.json()["detail"]) == (409, True)


def test_a_quarantine_is_told_by_each_record_and_by_the_manifest(
    client: TestClient, ada: Headers, rita: Headers, press: Exporter, runtime: Runtime
) -> None:
    frozen = client.post(
        "/api/v1/trail/integrity/freeze", json={"reason": "tamper"}, headers=ada
    ).json()
    assert {"tenant": "acme", "first": 30, "end": None} in frozen["quarantines"]
    logs = Logs(press.installation, shared=runtime.explorer)
    logs.append(*several(range(30, 35)))
    logs.sign()
    logs.project()

    def shown(index: int) -> tuple[bool, list[str]]:
        one = client.get(f"/api/v1/trail/logs/acme/records/{index}", headers=rita).json()
        return one["quarantined"], one["investigations"]

    def queried() -> set[int]:
        found = client.get("/api/v1/audit/events?limit=100", headers=rita).json()["events"]
        return {one["index"] for one in found if one["quarantined"]}

    assert shown(29) == (False, [])
    assert shown(30) == (True, [frozen["id"]])
    assert queried() == set(range(30, 35))
    ended = {"outcome": "confirmed", "root_cause": "an administrator"}
    over = client.post("/api/v1/trail/integrity/unfreeze", json=ended, headers=ada).json()
    assert {"tenant": "acme", "first": 30, "end": 35} in over["quarantines"]
    logs.append(*several(range(35, 38)))
    logs.sign()
    assert (shown(34)[0], shown(35)[0]) == (True, False)

    def manifest(first: int, end: int) -> Any:  # noqa: ANN401  JSON
        body = {"tenant": "acme", "first": first, "end": end}
        asked = client.post(EXPORTS, json=body, headers=rita).json()
        press.turn()
        file = client.get(f"{EXPORTS}/{asked['id']}/file", headers=rita)
        return json.loads(ZipFile(BytesIO(file.content)).read("manifest.json"))

    said = {"investigation": frozen["id"], "outcome": "confirmed"}
    assert manifest(25, 38)["quarantine"] == [said | {"first": 30, "end": 35}]
    assert manifest(32, 34)["quarantine"] == [said | {"first": 32, "end": 34}]
    assert "quarantine" not in manifest(0, 30)
