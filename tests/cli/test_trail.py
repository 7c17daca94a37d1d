"""The trail from a terminal: against a server, and against a copy without one."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from api.serving import served
from quarterdeck.access.authentication.service import Authenticator
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, Scope
from quarterdeck.access.principals.model import installation as itself
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.api.app import build_app
from quarterdeck.cli.main import build_cli
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.work import begin
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.query.explorer import open_explorer
from servers import databases
from trail.installation import Installation


@dataclass
class Desk:
    """A terminal on a machine that has a server."""

    installation: Installation
    url: str
    token: str
    vkey: str = ""

    @property
    def size(self) -> int:
        """Records that the checkpoint of acme commits to."""
        note = self.installation.serve("checkpoint") or b""
        return int(note.splitlines()[1])

    def run(self, *line: str, typed: str = "") -> Result:
        cli = build_cli(lambda: None)
        said = ["--url", self.url, "--token", self.token, *line]
        return CliRunner().invoke(cli, said, input=typed)


@pytest.fixture(autouse=True)
def no_log() -> Iterator[None]:
    """The server's log, which in one process would stand between the lines of the command."""
    silence = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silence, cache_logger_on_first_use=False)
    yield
    structlog.reset_defaults()


@pytest.fixture
def desk(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with databases.opened(databases.sqlite(template, tmp_path)) as engine:
        trail = open_trail(engine, tmp_path / "trail", lasting=True)
        keys = KeyStore(tmp_path / "keys")
        fields = Fields(engine, keys, trail.reader)
        runtime = Runtime(
            settings=Settings(secret="of-the-tests-and-32-bytes-or-longer"),
            engine=engine,
            clock=utc_now,
            access=Authenticator(engine, utc_now),
            keys=keys,
            reader=trail.reader,
            removal=trail.removal,
            sequencer=trail.sequencer,
            explorer=open_explorer(engine, tmp_path / "read", fields, search=True),
            metrics=open_metrics(engine, tmp_path / "series"),
            checks={},
        )
        token = reader(runtime)
        found = Installation(engine, runtime.keys, tmp_path, trail, now=utc_now())
        found.grow(300)
        with served(build_app(runtime), runtime) as server:
            yield Desk(found, server.url, token, found.vkey)
        trail.close()


def reader(runtime: Runtime) -> str:
    """The token of one who may read the log of acme."""
    with begin(runtime.engine, itself(), utc_now) as work:
        tenants.create(work, "acme", "Acme")
        program = principals.create(work, Kind.PROGRAM, "reader", home="acme")
        principals.grant(work, program.id, "auditor", "acme")
        wanted = Wanted(
            principal=program.id,
            name="tests",
            expires_at=work.now + timedelta(hours=1),
            scope=Scope(),
        )
        return tokens.create(work, wanted).secret


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def test_the_first_verification_pins_the_key_and_says_so(desk: Desk, tmp_path: Path) -> None:
    first = desk.run("trail", "verify")
    assert (first.exit_code, first.stdout) == (0, f"acme: intact, {desk.size} records\n")
    assert f"the key {desk.vkey} is pinned now" in first.stderr
    known = json.loads((tmp_path / "config/quarterdeck/known_logs").read_text())
    assert [kept["vkey"] for kept in known.values()] == [desk.vkey]
    second = desk.run("trail", "verify", "--tenant", "acme")
    assert (second.exit_code, second.stderr) == (0, "")


def test_an_entry_altered_on_the_server_is_found_and_located(desk: Desk) -> None:
    desk.installation.alter(7)
    found = desk.run("trail", "verify")
    assert (found.exit_code, found.stdout) == (1, "acme: entry 7: altered\n")


def test_findings_come_as_one_json_document(desk: Desk) -> None:
    (verdict,) = json.loads(desk.run("trail", "verify", "--json").stdout)
    assert verdict["intact"]
    assert (verdict["log"], verdict["records"], verdict["findings"]) == ("acme", desk.size, [])
    assert verdict["checkpoint"].startswith(verdict["origin"])


def test_another_key_on_the_server_is_a_finding(desk: Desk, tmp_path: Path) -> None:
    desk.run("trail", "verify")
    path = tmp_path / "config/quarterdeck/known_logs"
    other = KeyStore(tmp_path / "elsewhere")
    other.begin("acme")
    edit(
        path,
        lambda known: known.replace(
            desk.vkey.encode(), other.signer("acme").verifier.vkey.encode()
        ),
    )
    found = desk.run("trail", "verify")
    assert found.exit_code == 1
    assert "acme: key: changed" in found.stdout
    assert "not signed by" in found.stdout


def test_a_log_removed_whole_is_missed(desk: Desk) -> None:
    desk.run("trail", "verify")
    size = desk.size
    with desk.installation.engine.begin() as db:
        for table in ("trail_checkpoint", "trail_leaf", "trail_log"):
            db.execute(metadata.tables[table].delete())
    found = desk.run("trail", "verify")
    assert found.exit_code == 1
    assert f"acme: log: the server names this log no more; {size} records" in found.stdout


def test_a_copy_is_verified_without_a_server(desk: Desk, tmp_path: Path) -> None:
    copied = desk.run("trail", "copy", "acme", str(tmp_path / "copy"))
    assert copied.exit_code == 0
    assert f"--key '{desk.vkey}'" in copied.stderr
    alone = Desk(desk.installation, "http://127.0.0.1:9", "")
    verify = ("trail", "verify", str(tmp_path / "copy"))
    assert alone.run(*verify, "--key", desk.vkey).exit_code == 0
    unknown = alone.run(*verify)
    assert unknown.exit_code == 1
    assert unknown.stdout.endswith("checkpoint: consistent, signer not known\n")
    edit(tmp_path / "copy/tile/entries/000", lambda b: b.replace(b"t2", b"t3", 1))
    damaged = alone.run(*verify, "--key", desk.vkey)
    assert damaged.exit_code == 1
    assert ": entry " in damaged.stdout


def test_a_copy_rolled_back_is_found_by_a_checkpoint_kept_elsewhere(
    desk: Desk, tmp_path: Path
) -> None:
    desk.run("trail", "copy", "acme", str(tmp_path / "old"))
    desk.installation.grow(5)
    desk.run("trail", "copy", "acme", str(tmp_path / "new"))
    verify = ("trail", "verify", str(tmp_path / "old"), "--key", desk.vkey)
    assert desk.run(*verify).exit_code == 0
    found = desk.run(*verify, "--since", str(tmp_path / "new/checkpoint"))
    assert found.exit_code == 1
    assert f"rolled back: {desk.size - 5} entries, {desk.size} seen before" in found.stdout


def test_a_cosignature_against_quantum_computers_is_demanded(desk: Desk, tmp_path: Path) -> None:
    desk.run("trail", "copy", "acme", str(tmp_path / "before"))
    desk.installation.integrator.second = True
    desk.installation.grow(1)
    (one,) = json.loads(desk.run("trail", "list", "--json").stdout)
    (tmp_path / "second.vkey").write_text(f"{one['second_vkey']}\n")
    demands = ("--key", desk.vkey, "--second-key", str(tmp_path / "second.vkey"))
    found = desk.run("trail", "verify", str(tmp_path / "before"), *demands)
    assert found.exit_code == 1
    assert "checkpoint: not cosigned by the ML-DSA-44 key" in found.stdout
    desk.run("trail", "copy", "acme", str(tmp_path / "after"))
    assert desk.run("trail", "verify", str(tmp_path / "after"), *demands).exit_code == 0


def test_records_are_listed_and_shown_with_their_proof(desk: Desk) -> None:
    listed = desk.run("trail", "show", "acme", "--limit", "2").stdout.splitlines()
    assert listed[0].split("\t")[:4] == ["index", "occurred", "actor", "action"]
    assert [line.split("\t")[0] for line in listed[1:]] == [str(desk.size - 1), str(desk.size - 2)]
    shown = json.loads(desk.run("trail", "show", "acme", "7").stdout)
    assert shown["record"]["schema"] == 1
    assert shown["proof"]["tree_size"] == desk.size


def test_logs_are_listed_with_their_keys(desk: Desk) -> None:
    assert desk.run("trail", "list").stdout.splitlines()[1] == f"acme\t{desk.size}\t0\t{desk.vkey}"
    assert json.loads(desk.run("trail", "list", "--json").stdout)[0]["size"] == desk.size


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (("trail", "verify", "--tenant", "zeta"), 2),
        (("trail", "verify", "COPY", "--tenant", "acme"), 2),
        (("trail", "verify", "/nowhere"), 2),
        (("trail", "verify", "--since", "x"), 2),
        (("trail", "verify", "--key", "a+b+c"), 2),
        (("trail", "verify", "/nowhere", "--second-key", "/nowhere"), 2),
        (("trail", "show", "acme", "999"), 2),
    ],
)
def test_wrong_use_has_its_exit_code(desk: Desk, line: tuple[str, ...], code: int) -> None:
    assert desk.run(*line).exit_code == code


def test_no_server_and_no_token_have_their_exit_codes(desk: Desk) -> None:
    away = Desk(desk.installation, "http://127.0.0.1:9", "")
    assert away.run("trail", "verify").exit_code == 4
    stranger = Desk(desk.installation, desk.url, "nobody's")
    assert stranger.run("trail", "verify").exit_code == 3


def test_an_export_is_asked_for_listed_and_stopped(desk: Desk) -> None:
    asked = json.loads(desk.run("trail", "export", "create", "acme", "--end", "9", "--json").stdout)
    assert (asked["state"], asked["end"], asked["complete"]) == ("asked", 9, True)
    assert asked["id"] in desk.run("trail", "export", "list").stdout
    stopped = desk.run("trail", "export", "cancel", asked["id"])
    assert (stopped.exit_code, "cancelled" in stopped.output) == (0, True)
    file = desk.run("trail", "export", "download", asked["id"], "-o", "none.zip")
    assert (file.exit_code, "cancelled" in file.stderr) == (1, True)
    wrong = desk.run("trail", "export", "create", "acme", "--where", "colour=red")
    assert (wrong.exit_code, "colour=red" in wrong.stderr) == (2, True)
    some = desk.run("trail", "export", "create", "acme", "--where", "outcome=success", "--json")
    assert not json.loads(some.stdout)["complete"]
