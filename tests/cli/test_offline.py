"""Commands that need no running server: config, migrate, doctor, keys, backup."""

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result
from typing_extensions import override

from quarterdeck.__main__ import wired
from quarterdeck.access.principals.model import installation
from quarterdeck.cli import doctor
from quarterdeck.cli.main import build_cli
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine, writing
from quarterdeck.kernel.work import begin
from quarterdeck.migrations import revision
from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.escalation.service import policies
from quarterdeck.providers.sealing.safe import KeySafe
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.appender import open_log
from trail.keys.kms import key_file, wrap

PASSPHRASE = {"QUARTERDECK_KEYS_PASSPHRASE": "a long enough passphrase"}
CHECKS = ["sqlite", "folder", "space", "clock", "port", "keys", "kms", "key backup"]
CHECKS += ["schema", "journal", "heartbeat", "fallback", "mail", "slack", "apprise", "front end"]

Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def _as_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but those of the test."""
    for name in [n for n in os.environ if n.startswith(("QUARTERDECK", "AZURE", "LOG_LEVEL"))]:
        if not name.startswith("QUARTERDECK_TEST"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(data: Path) -> Run:
    """Runs a command line on the data directory."""

    def ran(line: str, **environment: str) -> Result:
        arguments = [*line.split(), "--data", str(data)]
        return CliRunner().invoke(build_cli(wired), arguments, env=environment)

    return ran


@pytest.fixture
def migrated(run: Run, data: Path) -> Path:
    assert run("migrate").exit_code == 0
    return data


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def findings(run: Run, **more: object) -> tuple[int, dict[str, dict[str, str]]]:
    """What doctor says; ``more``: options, and in capitals variables of the environment."""
    told = {name: str(value) for name, value in more.items() if name.isupper()}
    given = {name: value for name, value in more.items() if name not in told}
    options = " ".join(
        f"--{name} {value}" for name, value in ({"port": free_port()} | given).items()
    )
    done = run(f"doctor {options} --json", **told)
    rows = json.loads(done.stdout)
    assert [row["check"] for row in rows] == CHECKS
    assert all(row.keys() == {"check", "verdict", "found", "do"} for row in rows)
    assert all(bool(row["do"]) is (row["verdict"] != "pass") for row in rows)
    return done.exit_code, {row["check"]: row for row in rows}


def test_config_says_each_value_and_where_it_came_from(run: Run, tmp_path: Path) -> None:
    (tmp_path / "quarterdeck.toml").write_text("worker_threads = 3\n")
    secret = "not-to-be-shown-and-32-bytes-long"
    told = {"QUARTERDECK_LEASE_S": "2", "QUARTERDECK_SECRET": secret}
    done = run("config show --json", **told)
    rows = {row["name"]: (row["value"], row["source"]) for row in json.loads(done.stdout)}
    assert rows["lease_s"] == ("2.0", "environment")
    assert rows["worker_threads"] == ("3", "file")
    assert rows["data"][1] == "flag"
    assert rows["port"] == ("8080", "default")
    assert secret not in done.output
    assert rows["secret"] == ("********", "environment")


def test_a_setting_that_cannot_be_used_is_named(run: Run) -> None:
    done = run("config show", QUARTERDECK_PORT="many")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "port = 'many' (from environment)" in done.stderr
    short = run("config show", QUARTERDECK_SECRET="short")
    assert (short.exit_code, "openssl rand -hex 32" in short.stderr) == (2, True)


def test_migrating_twice_is_migrating_once(run: Run) -> None:
    first, second = run("migrate --json"), run("migrate --json")
    assert json.loads(first.stdout) == {"changed": True, "schema": revision.newest()}
    assert json.loads(second.stdout) == {"changed": False, "schema": revision.newest()}
    assert run("migrate").stderr == "the database is up to date\n"


def test_doctor_does_not_know_what_is_not_there_yet(run: Run) -> None:
    code, found = findings(run)
    assert code == 1
    unknown = {check for check, row in found.items() if row["verdict"] == "not known"}
    assert unknown == {"folder", "schema"}
    assert "none is created for an incident" in found["slack"]["found"]
    assert found["schema"]["do"] == "quarterdeck up makes it"


@pytest.mark.usefixtures("migrated")
def test_doctor_finds_nothing_in_a_fit_installation(run: Run) -> None:
    code, found = findings(run)
    unfit = {check for check, row in found.items() if row["verdict"] != "pass"}
    assert unfit <= {"front end"}  # fetched at set-up; a checkout may be without
    assert code == (1 if unfit else 0)


def test_doctor_wants_somebody_outside_to_be_rung_once_anybody_is_paged(
    run: Run, migrated: Path
) -> None:
    engine = open_engine(f"sqlite:///{migrated}/quarterdeck.db")
    with begin(engine, installation(), utc_now) as work:
        text = "levels: [{name: L1, targets: [mail a@example.com], notify_at: 0}]"
        policies.apply(work, "_platform", "incidents", text)
    engine.dispose()
    code, found = findings(run)
    assert (code, found["heartbeat"]["verdict"]) == (1, "fail")
    assert "set heartbeat_url" in found["heartbeat"]["do"]
    assert "set fallback_channel" in found["fallback"]["do"]
    told = {"QUARTERDECK_HEARTBEAT_URL": "https://rings.example/1"}
    told |= {"QUARTERDECK_FALLBACK_CHANNEL": "mail boss@example.com"}
    fit = findings(run, **told)[1]
    assert (fit["heartbeat"]["verdict"], fit["fallback"]["verdict"]) == ("pass", "pass")


def test_doctor_wants_apprise_where_a_channel_goes_by_it(
    run: Run, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(f"sqlite:///{migrated}/quarterdeck.db")
    phones = Channel(name="phones", kind=Kind.APPRISE)
    with begin(engine, installation(), utc_now) as work:
        safe = KeySafe(KeyStore(migrated / "keys"))
        keeping.put(work, "_platform", phones, secret="json://localhost", safe=safe)
    engine.dispose()
    assert findings(run)[1]["apprise"]["found"] == "_platform/phones go by Apprise"
    lacks = (sys.executable, "-I", "-c", "import apprise_that_is_elsewhere")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(doctor, "FINDS_APPRISE", lacks)
        code, found = findings(run)
    assert (code, found["apprise"]["verdict"]) == (1, "fail")
    assert "isolated Python (-I) does not find it" in found["apprise"]["do"]
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    code, found = findings(run)
    assert (code, found["apprise"]["verdict"]) == (1, "fail")
    assert "pip install 'quarterdeck[apprise]'" in found["apprise"]["do"]


def test_doctor_finds_a_folder_that_others_may_enter(run: Run, migrated: Path) -> None:
    migrated.chmod(0o755)
    code, found = findings(run)
    assert (code, found["folder"]["verdict"]) == (1, "fail")
    assert found["folder"]["do"] == f"chmod 700 {migrated}"


def test_doctor_finds_a_damaged_key_and_one_that_others_may_read(run: Run, migrated: Path) -> None:
    KeyStore(migrated / "keys").begin("acme")
    (file,) = (migrated / "keys").glob("*.key.json")
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"format":1', b'"format":2'))
    _, found = findings(run)
    assert found["keys"]["verdict"] == "fail"
    assert f"{file} is damaged" in found["keys"]["found"]
    assert "keys restore" in found["keys"]["found"]
    file.write_bytes(whole)
    file.chmod(0o644)
    assert f"chmod 600 {file}" in findings(run)[1]["keys"]["found"]


def test_doctor_misses_the_key_of_a_log_that_stands(run: Run, migrated: Path) -> None:
    engine = open_engine(f"sqlite:///{migrated}/quarterdeck.db")
    with writing(engine) as db:
        open_log(db, KeyStore(migrated / "keys"), "acme")
    engine.dispose()
    assert findings(run)[1]["keys"]["verdict"] == "pass"
    (migrated / "keys" / "acme.key.json").unlink()
    code, found = findings(run)
    assert (code, found["keys"]["verdict"]) == (1, "fail")
    assert "the log of acme stands" in found["keys"]["found"]


def test_doctor_wants_a_backup_of_the_keys_until_there_is_one(
    run: Run, migrated: Path, tmp_path: Path
) -> None:
    KeyStore(migrated / "keys").begin("acme")
    _, found = findings(run)
    assert (found["key backup"]["verdict"], found["key backup"]["found"]) == ("fail", "never made")
    assert "quarterdeck keys backup" in found["key backup"]["do"]
    assert run(f"keys backup {tmp_path / 'sealed'}", **PASSPHRASE).exit_code == 0
    assert findings(run)[1]["key backup"]["verdict"] == "pass"
    KeyStore(migrated / "keys").begin("beta")
    assert "changed since" in findings(run)[1]["key backup"]["found"]


def test_doctor_says_whether_the_kms_wraps_the_keys_as_it_is_set_to(
    run: Run, migrated: Path, tmp_path: Path
) -> None:
    keys, kms = KeyStore(migrated / "keys"), key_file(tmp_path / "kek")
    keys.begin("acme")
    assert "none wraps the keys" in findings(run)[1]["kms"]["found"]
    named = {"QUARTERDECK_KMS": kms.name}
    found = findings(run, **named)[1]["kms"]
    assert (found["found"], found["do"]) == (
        "1 of 1 key files are not wrapped",
        "quarterdeck keys wrap",
    )
    wrap(keys, kms.name)
    assert findings(run, **named)[1]["kms"]["verdict"] == "pass"
    other = key_file(tmp_path / "other")
    elsewhere = findings(run, QUARTERDECK_KMS=other.name)[1]["kms"]
    assert elsewhere["do"] == "quarterdeck keys rewrap"
    kms.path.unlink()
    code, gone = findings(run, **named)
    assert code == 1
    for check in ("kms", "keys"):
        assert f"{kms.path} cannot be read" in gone[check]["found"]


def test_a_backup_of_wrapped_keys_says_what_restoring_takes(
    run: Run, migrated: Path, tmp_path: Path
) -> None:
    keys, kms = KeyStore(migrated / "keys"), key_file(tmp_path / "kek")
    keys.begin("acme")
    wrap(keys, kms.name)
    made = run(f"keys backup {tmp_path / 'sealed'}", **PASSPHRASE)
    assert f"whoever restores them needs {kms.name}" in made.stderr
    assert f"a restore needs {kms.name}" in findings(run)[1]["key backup"]["found"]


@pytest.mark.parametrize(
    ("at", "do"),
    [
        ("0000_past", "install the release"),
        ("9999_future", "install the release"),
        (None, "migrate"),
    ],
)
def test_doctor_says_what_to_do_about_the_schema(
    run: Run, migrated: Path, at: str | None, do: str
) -> None:
    engine = open_engine(f"sqlite:///{migrated}/quarterdeck.db")
    with writing(engine) as db:
        if at is None:
            db.execute(text("DROP TABLE alembic_version"))
        else:
            db.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": at})
    engine.dispose()
    _, found = findings(run)
    assert found["schema"]["verdict"] == "fail"
    assert do in found["schema"]["do"]


def test_doctor_finds_a_database_that_does_not_answer(run: Run) -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none"
    _, found = findings(run, database=url)
    assert found["schema"]["verdict"] == "fail"
    assert "start the database" in found["schema"]["do"]


class Stranger(BaseHTTPRequestHandler):
    """Answers, but is none of us."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    @override
    def log_message(self, *_: object, **__: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of another's server."""
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("migrated")
def test_doctor_tells_a_stranger_on_the_port_from_ourselves(run: Run, stranger: int) -> None:
    _, found = findings(run, port=stranger)
    assert found["port"]["verdict"] == "fail"
    assert f"port {stranger}" in found["port"]["found"]
    assert "--port" in found["port"]["do"]


def test_keys_come_back_as_they_were_and_never_over_others(
    run: Run, migrated: Path, tmp_path: Path
) -> None:
    sealed, folder = tmp_path / "sealed", migrated / "keys"
    KeyStore(folder).begin("acme")
    made = run(f"keys backup {sealed} --json", **PASSPHRASE)
    assert json.loads(made.stdout) == {"file": str(sealed), "keys": 2, "kms": None}
    before = {file.name: file.read_bytes() for file in folder.glob("*.json")}
    for file in folder.glob("*.key.json"):
        file.unlink()
    back = run(f"keys restore {sealed}", **PASSPHRASE)
    assert (back.exit_code, "1 keys put back" in back.stderr) == (0, True)
    assert {file.name: file.read_bytes() for file in folder.glob("*.json")} == before
    for file in folder.glob("*.json"):
        file.unlink()
    KeyStore(folder).begin("acme")
    refused = run(f"keys restore {sealed}", **PASSPHRASE)
    assert (refused.exit_code, "holds another key" in refused.stderr) == (3, True)


@pytest.mark.usefixtures("migrated")
def test_keys_are_refused_with_words(run: Run, tmp_path: Path) -> None:
    sealed, nothing = tmp_path / "sealed", tmp_path / "nothing"
    for line, told, code, words in (
        (f"backup {sealed}", PASSPHRASE, 3, "no keys in"),
        (f"backup {sealed}", {}, 2, "QUARTERDECK_KEYS_PASSPHRASE"),
        (f"backup {sealed}", {"QUARTERDECK_KEYS_PASSPHRASE": "short"}, 3, "12 characters"),
        (f"restore {nothing}", PASSPHRASE, 2, f"{nothing} cannot be used: No such file"),
        (f"restore {__file__}", PASSPHRASE, 3, "is no backup of keys"),
    ):
        done = run(f"keys {line}", **told)
        assert (done.exit_code, done.stdout, words in done.stderr) == (code, "", True), done.output


def test_the_state_of_the_key_backup_is_an_exit_code(run: Run, migrated: Path) -> None:
    assert (run("keys status").exit_code, run("keys status").stderr) == (0, "no keys yet\n")
    KeyStore(migrated / "keys").begin("acme")
    assert run("keys status").exit_code == 1
    assert run("--quiet keys status").output == ""
    assert json.loads(run("keys status --json").stdout) == {"current": False, "made_at": None}


def test_a_copy_of_the_data_is_whole_and_private(run: Run, migrated: Path, tmp_path: Path) -> None:
    done = run(f"backup {tmp_path / 'copies'} --json")
    told = json.loads(done.stdout)
    assert told["of"] == str(migrated / "quarterdeck.db")
    engine = open_engine(f"sqlite:///{told['copy']}")
    assert revision.current(engine) == revision.newest()
    engine.dispose()
    assert Path(told["copy"]).parent.stat().st_mode & 0o077 == 0


def test_nothing_to_copy_is_said(run: Run, tmp_path: Path) -> None:
    done = run(f"backup {tmp_path / 'copies'}")
    assert (done.exit_code, "name its folder with --data" in done.stderr) == (3, True)
    elsewhere = run(f"backup {tmp_path / 'copies'} --database postgresql://somewhere/db")
    assert (elsewhere.exit_code, "pg_dump" in elsewhere.stderr) == (3, True)
