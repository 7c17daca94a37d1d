"""``quarterdeck up`` as an operator meets it: first start, restarts, upgrades, what is refused."""

import os
import signal
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, text

from quarterdeck.access.principals.model import installation
from quarterdeck.kernel import beats, workers
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine, reading, writing
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import begin
from quarterdeck.operations.alerts.model import Severity, Sign
from quarterdeck.operations.alerts.service.signs import clear, fire
from quarterdeck.providers.simulator import tls
from quarterdeck.trail.keys.keystore import KeyStore
from scenarios.installation import Program, address, children, get, program, run
from servers.databases import opened
from waiting import until

PEM = serialization.Encoding.PEM
READY = "Connect a cloud tenant"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def up(data: Path) -> Iterator[Program]:
    with program("up", "--data", str(data), "--port", "0") as running:
        running.await_words(READY)
        yield running


def url_of(running: Program) -> str:
    return address("".join(running.said))


def test_it_starts_empty_and_lets_the_first_admin_in(up: Program, data: Path) -> None:
    token = data / "first-token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert token.read_text().strip() not in "".join(up.said)  # no terminal: it is not shown
    bearer = {"Authorization": f"Bearer {token.read_text().strip()}"}
    assert get(f"{url_of(up)}/api/v1/tenants", **bearer) == []
    assert httpx2.get(f"{url_of(up)}/api/v1/tenants").status_code == 401


@pytest.mark.usefixtures("up")
def test_a_second_one_on_the_same_data_is_refused(data: Path) -> None:
    done = run("up", "--data", str(data), "--port", "0")
    assert done.returncode == 3
    assert "another quarterdeck runs" in done.stderr


def test_a_port_in_use_is_named_with_what_to_do(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("up", "--data", str(data), "--port", str(port))
    assert done.returncode == 4
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr
    assert "--port" in done.stderr


def test_an_address_that_others_reach_needs_tls(data: Path) -> None:
    done = run("up", "--data", str(data), "--host", "0.0.0.0")  # noqa: S104  that is the point
    assert done.returncode == 2
    assert "--tls-cert" in done.stderr


@pytest.mark.census("ATP-113")
@pytest.mark.parametrize("name", ["web", "worker", "jobs"])
def test_a_process_that_dies_is_started_again_and_that_is_on_record(
    up: Program, data: Path, name: str
) -> None:
    before = children(up.child.pid)[name]
    os.kill(before, signal.SIGKILL)
    until(lambda: children(up.child.pid).get(name, before) != before, 20, f"another {name}")
    until(lambda: _is_well(url_of(up)), 20, "health")
    bearer = {"Authorization": f"Bearer {(data / 'first-token').read_text().strip()}"}
    here = f"{url_of(up)}/api/v1/services/_platform/installation/{name}/restarts"
    until(lambda: get(here, **bearer)["restarts"], 20, "the attempt is on record")
    [tried] = get(here, **bearer)["restarts"]
    assert (tried["number"], tried["by"], tried["result"]) == (1, "supervisor", "started")
    assert "signal 9" in tried["detail"]
    until(lambda: "supervisor" in _changes(url_of(up), bearer), 20, "and is a change")


def _changes(url: str, bearer: dict[str, str]) -> str:
    """The titles of what was restarted."""
    found = get(f"{url}/api/v1/changes?kind=restart", **bearer)["changes"]
    return " ".join(one["title"] for one in found)


@pytest.mark.census("ATP-118")
def test_workers_are_added_while_projections_are_behind_and_let_go_after(
    data: Path, postgres_url: str
) -> None:
    words = ["up", "--data", str(data), "--database", postgres_url, "--port", "0"]
    with program(*words, QUARTERDECK_WORKERS_MOST="2") as running:
        running.await_words(READY)
        assert workers_of(running) == 1
        with opened(postgres_url) as engine:
            _is_helped(data, running, engine)


def _is_helped(data: Path, running: Program, engine: Engine) -> None:
    def let_go() -> bool:
        workers.ask(data, workers.Crew())  # as ten minutes later; who answers may ask meanwhile
        return workers_of(running) == 1

    with begin(engine, installation(), utc_now) as work:
        fire(work, BEHIND)
    until(lambda: workers_of(running) == 2, 40, "a second worker")
    until(lambda: len(alive(engine)) == 2, 40, "both work")
    with begin(engine, installation(), utc_now) as work:
        clear(work, BEHIND.tenant, BEHIND.key)
    until(let_go, 40, "one is let go")
    until(lambda: len(alive(engine)) == 1, 40, "in order")


BEHIND = Sign(
    key="lag",
    tenant=PLATFORM,
    type="ProjectionLagHigh",
    severity=Severity.CRITICAL,
    title="Projections are behind",
    labels={"alertname": "ProjectionLagHigh"},
    annotations={},
)


def workers_of(running: Program) -> int:
    """How many workers its supervisor has."""
    pid = running.child.pid
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    said = [Path(f"/proc/{task}/cmdline").read_text().split("\0") for task in tasks]
    return sum("worker" in words for words in said)


def alive(engine: Engine) -> list[str]:
    """The workers that beat."""
    with reading(engine) as db:
        return [one.process for one in beats.alive(db) if one.role == "worker"]


def test_a_restart_loses_no_request(up: Program) -> None:
    url, before = url_of(up), children(up.child.pid)
    answers: list[int] = []
    with asking(lambda: answers.append(httpx2.get(f"{url}/health/live").status_code)) as failures:
        up.child.send_signal(signal.SIGHUP)
        until(lambda: not set(children(up.child.pid).values()) & set(before.values()), 40)
        until(lambda: children(up.child.pid).keys() == before.keys(), 20)
    assert failures == []
    assert set(answers) == {200}


def test_it_ends_in_order_and_starts_where_it_was(up: Program, data: Path) -> None:
    bearer = {"Authorization": f"Bearer {(data / 'first-token').read_text().strip()}"}
    body = {"name": "Acme", "tenant_id": "acme", "client_id": "x", "client_secret_ref": "env:X"}
    made = httpx2.post(f"{url_of(up)}/api/v1/tenants", json=body, headers=bearer)
    assert made.is_success, made.text
    assert up.end() == 0
    with program("up", "--data", str(data), "--port", "0") as again:
        again.await_words(READY)
        tenants = get(f"{url_of(again)}/api/v1/tenants", **bearer)
    assert [t["tenant_id"] for t in tenants] == ["acme"]


def test_a_lost_database_is_not_begun_anew_under_the_old_keys(data: Path) -> None:
    assert run("migrate", "--data", str(data)).returncode == 0
    KeyStore(data / "keys").begin("acme")
    (data / "quarterdeck.db").unlink()
    done = run("up", "--data", str(data), "--port", "0")
    assert done.returncode == 4
    assert "put it back" in done.stderr
    assert not (data / "quarterdeck.db").exists()


def test_a_certificate_that_is_not_there_is_told_without_a_trace(data: Path) -> None:
    paths = ("--tls-cert", "/nowhere/cert.pem", "--tls-key", "/nowhere/key.pem")
    done = run("up", "--data", str(data), "--port", "0", *paths)
    assert done.returncode == 4
    assert "/nowhere/cert.pem" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_of_a_newer_release_is_refused_and_left_alone(data: Path) -> None:
    assert run("migrate", "--data", str(data)).returncode == 0
    engine = open_engine(f"sqlite:///{data}/quarterdeck.db")
    with writing(engine) as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    engine.dispose()
    done = run("up", "--data", str(data), "--port", "0")
    assert done.returncode == 4
    assert "9999_future" in done.stderr
    assert "install the release" in done.stderr


def test_over_tls_cookies_are_bound_to_the_host(data: Path, tmp_path: Path) -> None:
    cert, key, ca = _certificate(tmp_path)
    arguments = ["--tls-cert", str(cert), "--tls-key", str(key)]
    with program("up", "--data", str(data), "--port", "0", *arguments) as running:
        running.await_words(READY)
        trust = ssl.create_default_context(cafile=str(ca))
        with httpx2.Client(base_url=url_of(running), verify=trust) as browser:
            form = {"token": (data / "first-token").read_text().strip()}
            answer = browser.post("/sign-in", data=form)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    assert "strict-transport-security" in answer.headers


def test_copies_of_data_and_keys_can_be_made_while_it_runs(
    up: Program, data: Path, tmp_path: Path
) -> None:
    assert url_of(up)
    done = run("backup", str(tmp_path / "copies"), "--data", str(data))
    assert done.returncode == 0, done.stderr
    (copy,) = (tmp_path / "copies").rglob("quarterdeck.db")
    engine = open_engine(f"sqlite:///{copy}")
    with engine.connect() as db:
        assert db.scalar(text("PRAGMA integrity_check")) == "ok"
        assert db.scalar(text("SELECT count(*) FROM access_principal")) == 1
    engine.dispose()
    assert not list((tmp_path / "copies").rglob("keys"))
    secret = {"QUARTERDECK_KEYS_PASSPHRASE": "a long enough passphrase"}
    until(lambda: list((data / "keys").glob("*.key.json")), 10, "keys")
    assert run("keys", "status", "--data", str(data)).returncode == 1
    sealed = tmp_path / "keys.sealed"
    assert run("keys", "backup", str(sealed), "--data", str(data), **secret).returncode == 0
    assert run("keys", "status", "--data", str(data)).returncode == 0
    other = tmp_path / "other"
    assert run("keys", "restore", str(sealed), "--data", str(other), **secret).returncode == 0
    assert _keys(other) == _keys(data)


def _keys(data: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (data / "keys").glob("*.key.json")}


def _is_well(url: str) -> bool:
    try:
        parts = httpx2.get(f"{url}/health/detailed").json()["components"]
        return bool(parts["scheduler"] == "healthy")
    except httpx2.TransportError:
        return False


class asking:  # noqa: N801  reads as what it does
    """Asks again and again in a thread while the block runs; what failed."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._stop = Event()
        self._failures: list[str] = []
        self._thread = Thread(target=self._run)

    def __enter__(self) -> list[str]:
        self._thread.start()
        return self._failures

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._ask()
            except httpx2.TransportError as error:
                self._failures.append(repr(error))


def _certificate(folder: Path) -> tuple[Path, Path, Path]:
    now = utc_now()
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = tls.authority(ca_key, now)
    cert = tls.server_certificate(ca, ca_key, key.public_key(), now)
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths = folder / "cert.pem", folder / "key.pem", folder / "ca.pem"
    paths[0].write_bytes(cert.public_bytes(PEM))
    paths[1].write_bytes(key.private_bytes(PEM, *form))
    paths[2].write_bytes(ca.public_bytes(PEM))
    return paths
