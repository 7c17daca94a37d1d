"""The inventory as a file, and exports that are repeated."""

import csv
import io
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from governance.estate import EVERY, Estate, arm
from quarterdeck.governance.exports.jobs import kinds
from quarterdeck.governance.sync.onboarding import archive_tenant
from quarterdeck.kernel import schedules
from quarterdeck.kernel.settings import Settings
from quarterdeck.web import streaming

Headers = dict[str, str]
URL = "/api/v1/exports"
NAMES = [f"one-{n}" for n in range(3)] + [f"two-{n}" for n in range(5)]


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, data=str(tmp_path))


@pytest.fixture
def synced(estate: Estate) -> Estate:
    """Tenants ``one`` with 3 resources and ``two`` with 5."""
    for directory, many in (("one", 3), ("two", 5)):
        _, cloud = estate.connect(directory)
        tags = {"owner": f"team {directory}", "note": "=1+1"}
        cloud.pages = {"s1": [[arm(f"{directory}-{n}", tags=tags) for n in range(many)]]}
    estate.sync()
    return estate


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.census("AG-135")
@pytest.mark.usefixtures("synced")
def test_the_file_has_as_many_rows_as_there_are_resources(
    client: TestClient, ada: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "PAGE_ROWS", 2)
    answer = client.get(f"{URL}/resources", headers=ada)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="resources-export.csv"' in answer.headers["content-disposition"]
    total = client.get("/api/v1/resources", headers=ada).json()["total_resources"]
    found = rows(answer.text)
    assert (len(found), [r["name"] for r in found]) == (total, NAMES)
    assert {r["owner"] for r in found} == {"team one", "team two"}
    assert json.loads(found[0]["tags"])["note"] == "=1+1"


@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
@pytest.mark.usefixtures("synced")
def test_each_format_has_the_same_rows_by_the_lists_own_filter(
    client: TestClient, ada: Headers, form: str
) -> None:
    asked = f"{URL}/resources?tenant_ids=two&text=-1&format={form}"
    text = client.get(asked, headers=ada).text
    if form == "csv":
        found = [row["name"] for row in rows(text)]
    elif form == "json":
        found = [row["name"] for row in json.loads(text)]
    else:
        found = [json.loads(line)["name"] for line in text.splitlines()]
    assert found == ["two-1"]


@pytest.mark.usefixtures("synced")
def test_a_file_of_nothing_has_its_header(client: TestClient, ada: Headers) -> None:
    text = client.get(f"{URL}/resources?text=nowhere", headers=ada).text
    assert text.startswith("id,cloud_id,name,type")
    assert rows(text) == []
    assert client.get(f"{URL}/resources?text=nowhere&format=json", headers=ada).json() == []


@pytest.mark.usefixtures("synced")
def test_another_tenants_resources_are_in_no_file(client: TestClient, eve: Headers) -> None:
    assert rows(client.get(f"{URL}/resources", headers=eve).text) == []
    assert client.get(f"{URL}/resources?tenant_ids=one", headers=eve).status_code == 404


@pytest.fixture
def repeated(client: TestClient, ada: Headers, synced: Estate, tmp_path: Path) -> str:
    """An export of tenant ``two``, every hour, two files kept; written once."""
    synced.more = kinds(tmp_path / "exports", ("owner",))
    body = {"tenant": "two", "name": "hourly", "filter": {"text": "two"}, "every_s": 3600}
    made = client.post(URL, json=body | {"kept": 2}, headers=ada)
    assert made.status_code == 201, made.text
    assert client.post(f"{URL}/{made.json()['id']}/run", headers=ada).status_code == 202
    synced.run_due()
    return str(made.json()["id"])


def files(client: TestClient, ada: Headers, export: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{URL}/{export}/files", headers=ada).json()["files"]
    return found


def test_an_export_is_written_listed_and_downloaded_as_the_log_says(
    client: TestClient, ada: Headers, synced: Estate, repeated: str
) -> None:
    [file] = files(client, ada, repeated)
    answer = client.get(f"{URL}/{repeated}/files/{file['id']}", headers=ada)
    assert [row["name"] for row in rows(answer.text)] == [f"two-{n}" for n in range(5)]
    digest = sha256(answer.content).hexdigest()
    [told] = synced.told("ExportWritten")
    assert (file["digest"], told.payload["digest"]) == (digest, digest)
    assert file["rows"] == 5


@pytest.mark.parametrize("what", ["costs", "compliance"])
def test_every_domain_with_a_file_can_be_repeated(
    client: TestClient, ada: Headers, synced: Estate, tmp_path: Path, what: str
) -> None:
    synced.more = kinds(tmp_path / "exports", ())
    body = {"tenant": "two", "name": what, "what": what, "format": "ndjson", "every_s": 3600}
    made = client.post(URL, json=body, headers=ada)
    assert made.status_code == 201, made.text
    export = made.json()["id"]
    assert client.post(f"{URL}/{export}/run", headers=ada).status_code == 202
    synced.run_due()
    [file] = files(client, ada, export)
    assert file["rows"] == 0


def test_so_many_files_stay_and_the_oldest_makes_room(
    client: TestClient, ada: Headers, synced: Estate, repeated: str, tmp_path: Path
) -> None:
    [first] = files(client, ada, repeated)
    for _ in range(2):
        synced.pass_time(seconds=5)
        assert client.post(f"{URL}/{repeated}/run", headers=ada).status_code == 202
        synced.run_due()
    kept = [file["id"] for file in files(client, ada, repeated)]
    assert len(kept) == 2
    assert first["id"] not in kept
    there = [path.stem for path in (tmp_path / "exports" / repeated).iterdir()]
    assert sorted(there) == sorted(kept)


def test_of_a_tenant_that_has_ended_nothing_more_is_written(
    client: TestClient, ada: Headers, synced: Estate, repeated: str
) -> None:
    with synced.work() as work:
        archive_tenant(work, EVERY, "two")
    synced.pass_time(hours=2)
    assert client.post(f"{URL}/{repeated}/run", headers=ada).status_code == 202
    synced.tick()
    synced.run_due()
    assert len(files(client, ada, repeated)) == 1


def test_a_removed_export_leaves_no_file(
    client: TestClient, ada: Headers, synced: Estate, repeated: str, tmp_path: Path
) -> None:
    assert client.delete(f"{URL}/{repeated}", headers=ada).status_code == 204
    assert list((tmp_path / "exports" / repeated).iterdir()) == []
    assert client.get(f"{URL}/{repeated}/files", headers=ada).status_code == 404
    with synced.look() as work:
        names = [s.name for s, _ in schedules.of_tenants(work.db, work.tenants("resources:read"))]
    assert f"export:{repeated}" not in names


def test_a_file_that_is_gone_says_what_to_do(
    client: TestClient, ada: Headers, repeated: str, tmp_path: Path
) -> None:
    [file] = files(client, ada, repeated)
    (tmp_path / "exports" / repeated / f"{file['id']}.csv").unlink()
    answer = client.get(f"{URL}/{repeated}/files/{file['id']}", headers=ada)
    assert answer.status_code == 404
    assert "run the export again" in answer.json()["detail"]


def test_another_tenants_export_is_not_there(
    client: TestClient, eve: Headers, repeated: str
) -> None:
    assert client.get(URL, headers=eve).json() == {"exports": []}
    for method, path in (("GET", "files"), ("GET", "files/x"), ("POST", "run")):
        assert client.request(method, f"{URL}/{repeated}/{path}", headers=eve).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"what": "moons"}, 422, "there are costs, compliance, resources"),
        ({"filter": {"colour": "red"}}, 422, "cannot be filtered by 'colour'"),
        ({"every_s": 1}, 422, "greater than or equal to 900"),
        ({"tenant": "nowhere"}, 404, "nowhere"),
        ({"name": "hourly"}, 409, "choose another"),
    ],
)
@pytest.mark.usefixtures("repeated")
def test_what_cannot_be_repeated_is_refused_with_why(
    client: TestClient, ada: Headers, change: dict[str, object], status: int, words: str
) -> None:
    body = {"tenant": "two", "name": "another", **change}
    answer = client.post(URL, json=body, headers=ada)
    assert answer.status_code == status
    assert words in answer.text
