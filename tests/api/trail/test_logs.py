"""The log over HTTP: as tlog-tiles serves it, and as records with their proofs."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.conftest import BASE, Headers, Issue
from quarterdeck.api.app import build_app
from quarterdeck.kernel.clock import utc_now
from quarterdeck.runtime import Runtime
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.keys.second import SecondSigner
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.proof import consistency, inclusion
from trail.installation import Installation

LOG = "/api/v1/trail/logs/acme"


@pytest.fixture
def installation(runtime: Runtime, tmp_path: Path) -> Iterator[Installation]:
    """The log of acme: 300 leaves and one with a committed field, all signed."""
    # A worker's: what it appends goes through the process that answers.
    trail = open_trail(runtime.engine, tmp_path / "trail", lasting=False)
    found = Installation(runtime.engine, runtime.keys, tmp_path, trail)
    found.now = utc_now() - timedelta(seconds=1)
    found.revoke(300)
    found.name_somebody("Ada Lovelace")
    found.deliver()
    found.integrate()
    yield found
    trail.close()


@pytest.fixture
def rita(issue: Issue) -> Headers:
    return issue("auditor", "acme", home="acme")


@pytest.mark.usefixtures("installation")
def test_the_list_names_origin_size_key_and_address(client: TestClient, rita: Headers) -> None:
    (one,) = client.get("/api/v1/trail/logs", headers=rita).json()["logs"]
    assert one["tenant"] == "acme"
    assert one["origin"].startswith("quarterdeck.")
    assert Verifier.parse(one["vkey"]).name == one["origin"]
    assert one["url"] == f"http://127.0.0.1:8080{LOG}"
    assert one["size"] >= 301


def test_the_list_names_what_cosigned_the_checkpoint_and_opens_no_key(
    runtime: Runtime, installation: Installation, rita: Headers, tmp_path: Path
) -> None:
    fresh = replace(runtime, keys=KeyStore(tmp_path / "keys"))
    with TestClient(build_app(fresh), base_url=BASE) as opened:

        def second() -> str | None:
            (one,) = opened.get("/api/v1/trail/logs", headers=rita).json()["logs"]
            assert Verifier.parse(one["vkey"]).name == one["origin"]
            found: str | None = one["second_vkey"]
            return found

        assert second() is None
        installation.integrator.second = True
        installation.grow(1)
        named = second()
        assert named == SecondSigner.of(installation.keys.signer("acme")).key.vkey
        for path in (tmp_path / "keys").glob("acme*"):
            path.unlink()
        assert second() == named


@pytest.mark.usefixtures("installation")
def test_checkpoint_and_hash_tiles_are_open_and_cached_as_they_may_be(client: TestClient) -> None:
    note = client.get(f"{LOG}/checkpoint")
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    assert note.headers["cache-control"] == "no-cache"
    tile = client.get(f"{LOG}/tile/0/000")
    assert len(tile.content) == 8192
    assert tile.headers["content-type"] == "application/octet-stream"
    assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.usefixtures("installation")
def test_entries_are_for_readers_of_the_tenant(
    client: TestClient, rita: Headers, eve: Headers
) -> None:
    path = f"{LOG}/tile/entries/000"
    assert client.get(path).status_code == 401
    assert client.get(path, headers=eve).status_code == 404
    answer = client.get(path, headers=rita)
    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("private")


@pytest.mark.parametrize("path", ["tile/entries/000", "tile/0/000"])
def test_what_is_damaged_is_cached_by_nobody(
    client: TestClient, rita: Headers, installation: Installation, path: str
) -> None:
    stored = installation.folder / "trail/logs/acme" / path
    stored.write_bytes(stored.read_bytes()[:-40])
    answer = client.get(f"{LOG}/{path}", headers=rita)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize(
    "path", ["tile/0/009", "tile/0/junk", "tile/00/000", "tile/7/000", "tile/0/000.p/999"]
)
def test_what_is_not_there_is_a_problem(client: TestClient, path: str) -> None:
    answer = client.get(f"{LOG}/{path}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/TileNotFound")


def test_a_log_not_begun_is_not_found(client: TestClient) -> None:
    assert client.get(f"{LOG}/checkpoint").status_code == 404


def test_what_is_served_can_be_verified(
    client: TestClient, rita: Headers, installation: Installation
) -> None:
    def read(path: str) -> bytes | None:
        answer = client.get(f"{LOG}/{path}", headers=rita)
        return answer.content if answer.status_code == 200 else None

    assert integrity.verify(read, Verifier.parse(installation.vkey), None).intact


@pytest.mark.usefixtures("installation")
def test_a_record_comes_with_its_proof(client: TestClient, rita: Headers) -> None:
    record = client.get(f"{LOG}/records/256", headers=rita).json()
    proof = client.get(f"{LOG}/records/256/proof", headers=rita).json()
    head = Head.parse(proof["checkpoint"].split("\n\n")[0] + "\n")
    steps = [b64decode(step) for step in proof["proof"]]
    leaf = b64decode(record["leaf_hash"])
    inclusion.verify(leaf, 256, proof["tree_size"], steps, head.root)
    assert proof["tree_size"] == head.size


@pytest.mark.usefixtures("installation")
def test_growth_comes_with_its_proof(
    client: TestClient, rita: Headers, installation: Installation
) -> None:
    old = Head.parse((installation.serve("checkpoint") or b"").decode().split("\n\n")[0] + "\n")
    installation.grow(10)
    new = Head.parse((installation.serve("checkpoint") or b"").decode().split("\n\n")[0] + "\n")
    sizes = {"old": old.size, "new": new.size}
    answer = client.get(f"{LOG}/consistency", params=sizes, headers=rita).json()
    proof = [b64decode(step) for step in answer["proof"]]
    consistency.verify(old.size, new.size, proof, old.root, new.root)


@pytest.mark.usefixtures("installation")
def test_records_come_newest_first_by_pages_and_as_ndjson(
    client: TestClient, rita: Headers
) -> None:
    seen: list[int] = []
    path: str | None = f"{LOG}/records?limit=200"
    while path:
        page = client.get(path, headers=rita)
        seen += [record["index"] for record in page.json()["records"]]
        path = page.links.get("next", {}).get("url")
    assert seen == list(range(len(seen)))[::-1]
    assert len(seen) >= 301
    accept = {"Accept": "application/x-ndjson"}
    lines = client.get(f"{LOG}/records", headers=rita | accept).text.splitlines()
    assert len(lines) == len(seen)


@pytest.mark.usefixtures("installation")
def test_a_committed_field_is_hidden_and_disclosed_to_whoever_may(
    client: TestClient, rita: Headers, issue: Issue
) -> None:
    newest = client.get(f"{LOG}/records?limit=1", headers=rita).json()["records"][0]
    assert newest["hidden"] == {"/payload/name": "restricted"}
    assert "Lovelace" not in str(newest)
    path = f"{LOG}/records/{newest['index']}/disclose"
    shown = client.post(path, headers=rita)
    assert shown.json()["disclosed"] == {"/payload/name": "Ada Lovelace"}
    assert shown.headers["cache-control"] == "no-store"
    reader = issue("sre", "acme", home="acme")
    assert client.post(path, headers=reader).status_code == 403
