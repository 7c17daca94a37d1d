"""atp-admin integrity, as runbook 004 writes it (topic 33), against a real server."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.conftest import Headers, ada, database, issue, runtime, settings
from api.serving import served
from cli.access.conftest import silent_logs
from quarterdeck.api.app import build_app
from quarterdeck.cli.atp_admin import Admin
from quarterdeck.cli.main import build_cli
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import reading
from quarterdeck.runtime import Runtime
from quarterdeck.trail.freeze.model import EvidenceHeld, Frozen
from quarterdeck.trail.freeze.service import refuse_frozen, refuse_purge
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.segments.model import Sealing
from quarterdeck.trail.segments.sealing import Sealer
from quarterdeck.trail.segments.storage.files import FileSegments
from trail.installation import Installation
from trail.logs import Logs, record

__all__ = ["ada", "database", "issue", "runtime", "settings", "silent_logs"]

Run = Callable[..., Result]
VERIFY = "integrity verify --segment-id acme-000000 --include-proof --output"


@pytest.fixture
def installation(runtime: Runtime, tmp_path: Path) -> Iterator[Installation]:
    trail = open_trail(runtime.engine, tmp_path / "trail", lasting=False)
    found = Installation(runtime.engine, runtime.keys, tmp_path, trail, now=utc_now())
    found.grow(300)
    Sealer(
        engine=runtime.engine,
        keys=runtime.keys,
        reader=trail.reader,
        store=FileSegments(tmp_path / "worm"),
        clock=found.clock,
        sealing=Sealing(most=300),
    ).beat()
    yield found
    trail.close()


@pytest.fixture
def run(
    installation: Installation, runtime: Runtime, ada: Headers, tmp_path: Path
) -> Iterator[Run]:
    token = ada["Authorization"].removeprefix("Bearer ")
    ours = replace(runtime, worm=FileSegments(tmp_path / "worm"))
    assert installation.reader.size("acme") >= 300
    with served(build_app(ours), ours) as server:

        def ran(words: str, *more: str) -> Result:
            cli = build_cli(lambda: None, Admin, "admin")
            environment = {"QUARTERDECK_URL": server.url, "QUARTERDECK_TOKEN": token}
            return CliRunner().invoke(cli, [*words.split(), *more], env=environment)

        yield ran


def frozen(runtime: Runtime) -> bool:
    with reading(runtime.engine) as db:
        try:
            refuse_frozen(db, "acme")
        except Frozen:
            return True
    return False


def held(runtime: Runtime) -> bool:
    with reading(runtime.engine) as db:
        try:
            refuse_purge(db, "acme")
        except EvidenceHeld:
            return True
    return False


@pytest.mark.census("ATP-396", "ATP-400", "ATP-507")
def test_freeze_stops_exports_and_unfreeze_needs_an_outcome(run: Run, runtime: Runtime) -> None:
    assert run("integrity freeze --reason", "tamper-investigation").exit_code == 0
    assert frozen(runtime)
    assert run("integrity status").exit_code == 1
    refused = run("integrity unfreeze")
    assert refused.exit_code == 2
    assert "confirmed or false-positive" in refused.stderr
    assert run("integrity unfreeze --outcome false-positive").exit_code == 2
    assert frozen(runtime)
    lifted = run("integrity unfreeze --outcome false-positive --reason", "a threshold too low")
    assert (lifted.exit_code, frozen(runtime)) == (0, False)
    assert run("integrity status").exit_code == 0


def test_evidence_that_was_held_is_released_once(run: Run, runtime: Runtime) -> None:
    run("integrity freeze --reason", "tamper-investigation")
    run("integrity unfreeze --outcome confirmed --reason", "an edited bundle")
    assert held(runtime)
    (row,) = [line.split("\t") for line in run("integrity status").stdout.splitlines()[1:]]
    assert row[-1] == "held"
    done = run("integrity release-evidence --json", row[0])
    assert json.loads(done.stdout) == {"investigation": row[0], "evidence_held": False}
    assert not held(runtime)
    assert "held" not in run("integrity status").stdout
    assert run("integrity release-evidence", row[0]).exit_code == 2


@pytest.mark.census("ATP-397", "ATP-398", "ATP-505")
def test_a_good_segment_is_verified_and_its_proof_checked_offline(
    run: Run, installation: Installation, tmp_path: Path
) -> None:
    (one,) = json.loads(run("integrity segments acme --json").stdout)
    assert (one["id"], one["start"], one["end"]) == ("acme-000000", 0, 300)
    evidence = tmp_path / "tamper-evidence-20260228-120000.json"
    found = run(VERIFY, str(evidence))
    assert (found.exit_code, found.stdout.count(": right")) == (0, 3)
    offline = ("--key", installation.vkey)
    assert run("integrity verify --bundle", str(evidence), *offline).exit_code == 0
    assert run("integrity verify --bundle", str(evidence)).exit_code == 1
    document = json.loads(evidence.read_text())
    hashes = document["proof"]["leaf_hashes"]
    hashes[3], hashes[4] = hashes[4], hashes[3]
    evidence.write_text(json.dumps(document))
    assert run("integrity verify --bundle", str(evidence), *offline).exit_code == 1
    (tmp_path / "out").mkdir()
    assert run(VERIFY, str(tmp_path / "out")).exit_code == 0
    assert (tmp_path / "out/segment-acme-000000.json").exists()


@pytest.mark.census("ATP-397", "ATP-427")
def test_a_tampered_segment_fails_with_its_position(
    run: Run, installation: Installation, tmp_path: Path
) -> None:
    installation.alter(41)
    found = run(VERIFY, str(tmp_path / "evidence.json"))
    assert found.exit_code == 1
    assert "the first mismatch is at record 41" in found.stdout
    assert json.loads((tmp_path / "evidence.json").read_text())["position"] == 41


@pytest.mark.census("ATP-426")
def test_verifying_all_counts_what_was_checked_and_what_failed(run: Run) -> None:
    found = run("integrity verify")
    assert found.exit_code == 0
    assert "1 segments, 300 records: 0 failed" in found.stderr
    assert run("integrity verify --segment-id acme-000009").exit_code == 2


@pytest.mark.census("ATP-452")
def test_the_scope_says_what_is_missing(run: Run, tmp_path: Path) -> None:
    before = run("integrity scope --json")
    (tmp_path / "worm/standard/acme/tile/entries/000").unlink()
    after = run("integrity scope --tenant acme --json")
    assert after.exit_code == 1, before.output
    missing = {one["place"]: one for one in json.loads(after.stdout)["missing"]}
    store = missing["segment store"]
    assert (store["tenant"], store["count"], len(store["ids"])) == ("acme", 256, 256)
    assert sum(store["types"].values()) == 256


def test_numbers_that_never_came_are_shown_by_source(
    run: Run, runtime: Runtime, installation: Installation
) -> None:
    logs = Logs(installation, shared=runtime.explorer)
    began = installation.reader.size("other")
    numbers = enumerate([1, 2, 5, 9])
    logs.append(*(record(n, tenant="other", source="till", source_seq=seq) for n, seq in numbers))
    found = run("integrity sources other")
    assert found.exit_code == 1
    head, row = [line.split("\t") for line in found.stdout.splitlines()[:2]]
    assert dict(zip(head, row, strict=True)) == {
        "source": "till",
        "records": "4",
        "unnumbered": "0",
        "first": "1",
        "last": "9",
        "missing": "5",
        "repeated": "0",
        "gaps": "3-4 6-8",
    }
    assert f"records 0 to {began + 4} of {began + 4} were read" in found.stderr
    told = json.loads(run(f"integrity sources other --end {began + 3} --json").stdout)
    assert told["end"] == began + 3
    assert told["sources"][0]["gaps"] == [{"first": 3, "last": 4}]
    assert run(f"integrity sources other --end {began + 2}").exit_code == 0
