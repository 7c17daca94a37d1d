"""A checkpoint kept by the application: whoever denies it is found out."""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.conftest import ordered
from client.trail import NO_LOG, PROBLEM, Trail
from quarterdeck.client import Client, LogForked, LogRolledBack, NotProven, SignerUnknown, keeping
from quarterdeck.client.keeping import Keeper
from quarterdeck.trail.keys.note import Signer
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.proof.tiles import HEIGHT, Tile, pack_hashes, root
from quarterdeck.trail.proof.tree import leaf_hash, root_hash
from waiting import until

SIGNER = Signer("trail.test/acme", bytes(32))
PREFIX = "/api/v1/trail/logs/acme/"


@dataclass
class Log:
    """A log as a server shows it: checkpoint and hash tiles; ``hidden`` tiles it does not give."""

    leaves: list[bytes] = field(default_factory=list)
    signer: Signer = SIGNER
    origin: str = "trail.test/acme"
    hidden: set[str] = field(default_factory=set)

    def grow(self, count: int, kind: str = "") -> None:
        first = len(self.leaves)
        self.leaves += [
            leaf_hash(b"%d%s" % (n, kind.encode())) for n in range(first, first + count)
        ]

    def hashes(self, level: int, start: int, count: int) -> list[bytes]:
        span = 1 << HEIGHT * level
        whole = range(start, start + count)
        return [root_hash(self.leaves[n * span : (n + 1) * span]) for n in whole]

    @property
    def note(self) -> bytes:
        size = len(self.leaves)
        return self.signer.sign(Head(self.origin, size, root(self.hashes, size)).text)

    def serve(self, path: str) -> bytes | None:
        if not path.startswith(PREFIX) or path in self.hidden:
            return None
        name = path.removeprefix(PREFIX)
        if name == "checkpoint":
            return self.note if self.leaves else None
        tile = Tile.parse(name)
        assert tile.level is not None
        if name in self.hidden or tile.start + tile.width > len(self.leaves) >> HEIGHT * tile.level:
            return None
        return pack_hashes(self.hashes(tile.level, tile.start, tile.width))


@pytest.fixture
def log(trail: Trail) -> Log:
    found = Log()
    trail.show = found.serve
    return found


@pytest.fixture
def http(trail: Trail) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=trail.url) as opened:
        yield opened


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    found = Keeper(tmp_path / "checkpoints", SIGNER.verifier.vkey)
    found.hear(["acme"])
    return found


def kept(tmp_path: Path) -> bytes:
    return (tmp_path / "checkpoints" / "acme.checkpoint").read_bytes()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.integers(0, 700), min_size=1, max_size=4))
def test_a_log_that_only_grows_is_kept_at_each_size(
    log: Log, http: httpx2.Client, tmp_path_factory: pytest.TempPathFactory, steps: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    keeper = Keeper(folder / "checkpoints", SIGNER.verifier.vkey)
    log.leaves.clear()
    log.grow(1)
    for step in steps:
        log.grow(step)
        keeper.look(http, "acme")
        assert kept(folder) == log.note


@pytest.mark.census("ATP-505")
@pytest.mark.parametrize("at", [0, 3, 255, 256, 599])
def test_a_past_that_was_changed_is_a_fork_and_what_was_kept_stays(
    log: Log, http: httpx2.Client, keeper: Keeper, tmp_path: Path, at: int
) -> None:
    log.grow(600)
    keeper.look(http, "acme")
    then = kept(tmp_path)
    log.leaves[at] = sha256(b"another").digest()
    log.grow(10)
    with pytest.raises(LogForked, match="first 600 records") as denied:
        keeper.look(http, "acme")
    assert kept(tmp_path) == then
    assert denied.value.evidence
    assert denied.value.evidence.read_bytes() == log.note


def test_two_checkpoints_of_one_size_are_a_fork(
    log: Log, http: httpx2.Client, keeper: Keeper
) -> None:
    log.grow(5)
    keeper.look(http, "acme")
    log.leaves[4] = sha256(b"another").digest()
    with pytest.raises(LogForked):
        keeper.look(http, "acme")


@pytest.mark.parametrize("left", [0, 1, 299])
def test_a_log_that_is_shorter_was_rolled_back(
    log: Log, http: httpx2.Client, keeper: Keeper, left: int
) -> None:
    log.grow(300)
    keeper.look(http, "acme")
    del log.leaves[left:]
    with pytest.raises(LogRolledBack):
        keeper.look(http, "acme")


def test_another_log_in_its_place_is_a_fork(log: Log, http: httpx2.Client, keeper: Keeper) -> None:
    log.grow(3)
    keeper.look(http, "acme")
    log.origin = "trail.test/other"
    with pytest.raises(LogForked, match=r"is the log trail[.]test/other"):
        keeper.look(http, "acme")


def test_a_key_that_was_not_given_is_nobody_known(
    log: Log, http: httpx2.Client, keeper: Keeper, tmp_path: Path
) -> None:
    log.grow(3)
    log.signer = Signer("trail.test/acme", bytes(31) + b"\1")
    with pytest.raises(SignerUnknown):
        keeper.look(http, "acme")
    assert not (tmp_path / "checkpoints" / "acme.checkpoint").exists()


@pytest.mark.parametrize("hidden", ["tile/0/000", "tile/0/001.p/44"])
def test_a_checkpoint_that_is_not_proven_is_not_kept(
    log: Log, http: httpx2.Client, keeper: Keeper, tmp_path: Path, hidden: str
) -> None:
    log.grow(200)
    keeper.look(http, "acme")
    then = kept(tmp_path)
    log.grow(100)
    log.hidden = {hidden}
    with pytest.raises(NotProven, match=hidden):
        keeper.look(http, "acme")
    assert kept(tmp_path) == then


def test_a_tile_that_grew_full_meanwhile_proves_as_well(
    log: Log, keeper: Keeper, tmp_path: Path
) -> None:
    log.grow(200)
    then, note = log.serve, log.note
    log.grow(100)

    def grown(path: str) -> bytes | None:
        if path.endswith("checkpoint"):
            return note
        return None if path.endswith(".p/200") else then(path)

    keeper.look(_Serving(grown), "acme")  # type: ignore[arg-type]  # what it is asked for
    assert kept(tmp_path) == note


@dataclass
class _Serving:
    """What answers as a client of HTTP does."""

    serve: Callable[[str], bytes | None]
    missing: bytes = NO_LOG
    kind: str = PROBLEM

    def get(self, path: str) -> httpx2.Response:
        found = self.serve(path)
        request = httpx2.Request("GET", f"http://trail.test{path}")
        if found is None:
            told = {"content-type": self.kind}
            return httpx2.Response(404, headers=told, content=self.missing, request=request)
        return httpx2.Response(200, content=found, request=request)


def test_two_roots_at_one_size_are_a_fork_though_no_tile_is_given(
    log: Log, http: httpx2.Client, keeper: Keeper
) -> None:
    log.grow(5)
    keeper.look(http, "acme")
    log.leaves[4] = sha256(b"another").digest()
    log.hidden = {f"{PREFIX}tile/0/000.p/5"}
    with pytest.raises(LogForked, match="two roots at 5 records"):
        keeper.look(http, "acme")


def test_what_another_process_keeps_meanwhile_is_neither_a_rollback_nor_lost(
    log: Log, keeper: Keeper, tmp_path: Path
) -> None:
    log.grow(5)
    other = Keeper(tmp_path / "checkpoints")
    asked: list[str] = []

    def slow(path: str) -> bytes | None:
        found = log.serve(path)
        asked.append(path)
        if len(asked) <= 2:  # of its checkpoint, then of a tile
            log.grow(5)
            other.look(_Serving(log.serve), "acme")  # type: ignore[arg-type]  # what it is asked for
        return found

    assert keeper.look(_Serving(slow), "acme")  # type: ignore[arg-type]  # likewise
    assert kept(tmp_path) == log.note
    assert len(log.leaves) == 15


@pytest.mark.parametrize(
    ("missing", "kind"),
    [
        (b"<html>not found</html>", "text/html"),
        (b"not JSON", PROBLEM),
        (b'{"type": "/problems/RouteNotFound"}', PROBLEM),
        (NO_LOG, "application/json"),
    ],
)
def test_a_404_that_is_not_the_trail_s_own_denies_nothing(
    log: Log, http: httpx2.Client, keeper: Keeper, missing: bytes, kind: str
) -> None:
    log.grow(5)
    keeper.look(http, "acme")
    stranger = _Serving(lambda _path: None, missing, kind)
    with pytest.raises(NotProven, match="404"):
        keeper.look(stranger, "acme")  # type: ignore[arg-type]  # what it is asked for


def test_a_child_that_is_forked_while_the_log_is_asked_goes_on(log: Log, keeper: Keeper) -> None:
    log.grow(5)
    at, go = Event(), Event()

    def slow(path: str) -> bytes | None:
        at.set()
        assert path.endswith("checkpoint") or go.wait(30)
        return log.serve(path)

    looks = Thread(target=keeper.look, args=(_Serving(slow), "acme"))
    looks.start()
    assert at.wait(30)
    child = os.fork()
    if not child:
        try:
            keeper.look(_Serving(log.serve), "acme")  # type: ignore[arg-type]  # likewise
        finally:
            os._exit(0)  # a child that hangs is what is looked for
    try:
        assert until(lambda: os.waitpid(child, os.WNOHANG)[0], what="the child")
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        go.set()
        looks.join()


def test_a_key_that_is_none_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a key: 'nonsense'"):
        Keeper(tmp_path / "checkpoints", "nonsense")


def test_a_log_that_is_not_proven_is_shown_since_when_and_told_when_it_lasts(
    log: Log,
    http: httpx2.Client,
    keeper: Keeper,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(keeping, "LOOK_S", 0.0)
    log.grow(200)
    keeper.beat(http)
    assert keeper.unproven == {}
    log.grow(5)
    log.hidden = {f"{PREFIX}tile/0/000.p/205", f"{PREFIX}tile/0/000"}
    keeper.beat(http)
    since = keeper.unproven["acme"]
    with caplog.at_level(logging.CRITICAL):
        keeper.beat(http)
        assert "not proven since" not in caplog.text
        monkeypatch.setattr(keeping, "LATE", timedelta())
        keeper.beat(http)
        keeper.beat(http)
    assert caplog.text.count("not proven since") == 1
    assert keeper.unproven == {"acme": since}
    log.hidden = set()
    keeper.beat(http)
    assert keeper.unproven == {}


@pytest.mark.census("ATP-505")
def test_the_sender_keeps_checkpoints_and_tells_of_a_past_that_is_denied(
    trail: Trail,
    log: Log,
    open_client: Callable[..., Client],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(keeping, "LOOK_S", 0.0)
    client = open_client(trail.url, key=SIGNER.verifier.vkey)
    log.grow(5)
    client.record(ordered())
    assert client.flush(10)
    path = tmp_path / "spool" / "checkpoints" / "acme.checkpoint"
    assert until(lambda: path.exists() and path.read_bytes() == log.note, what="the checkpoint")
    assert client.condition.denied == {}
    client.check_past()
    log.leaves[2] = sha256(b"another").digest()
    with caplog.at_level(logging.CRITICAL):
        client.record(ordered(2))
        assert until(lambda: client.condition.denied, what="the fork")
    assert "LogForked" in client.condition.denied["acme"]
    assert "denies its past" in caplog.text
    with pytest.raises(LogForked):
        client.check_past()
    assert client.flush(10)  # events go on: the more is known of it
