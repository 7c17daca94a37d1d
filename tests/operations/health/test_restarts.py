"""What is down is started again: by the operator's own command, so often and no oftener."""

import os
import signal
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from operations.health.endpoints import Endpoint, endpoint
from operations.health.watch import NOON, Watch, http, service
from quarterdeck.kernel import outbox
from quarterdeck.kernel import restarts as files
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, TenantNotFound
from quarterdeck.operations.health.model.registry import INSTALLATION
from quarterdeck.operations.health.model.restarts import Means, Restart, Result, is_due
from quarterdeck.operations.health.model.state import Standing, State
from quarterdeck.operations.health.prober import Prober
from quarterdeck.operations.health.restarter import Restarter, tell_restarts
from quarterdeck.operations.health.service import restarting

MINUTE = timedelta(minutes=1)


@dataclass
class Ops:
    """A registry whose services an operator's commands start again."""

    watch: Watch
    folder: Path
    done: Path = field(init=False)

    def __post_init__(self) -> None:
        self.done = self.folder.parent / "done"
        self.folder.mkdir()

    def allow(self, name: str, script: str = "") -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script or f'echo again >> {self.done}; echo started'}\n")
        path.chmod(stat.S_IRWXU)

    def probe(self) -> None:
        with closing(Prober(engine=self.watch.engine, means=self.watch.means())) as prober:
            self.watch.probed(prober)

    def beat(self, longest_s: float = 10, most: int = 3) -> bool:
        return Restarter(
            engine=self.watch.engine,
            clock=lambda: self.watch.now,
            commands=self.folder,
            most=most,
            longest_s=longest_s,
        ).beat()

    def tried(self, name: str = "web") -> list[Restart]:
        with self.watch.look() as work:
            return restarting.tried(work, "acme", "prod", name)

    def results(self) -> list[tuple[Result, str]]:
        return [(one.result, one.detail) for one in self.tried()]


@pytest.fixture
def web() -> Iterator[Endpoint]:
    with endpoint() as opened:
        opened.status = 503
        yield opened


@pytest.fixture
def ops(engine: Engine, tmp_path: Path, web: Endpoint) -> Ops:
    made = Ops(Watch(engine), tmp_path / "restarts")
    made.watch.register("web", http(web.url))
    return made


def test_a_service_that_is_down_is_started_again_and_that_is_told_with_its_result(
    ops: Ops,
) -> None:
    ops.allow("acme.prod.web")
    assert not ops.beat()  # nobody looked at it yet
    ops.probe()
    assert ops.beat()
    assert not ops.beat()  # it has its time to come up
    assert ops.results() == [(Result.DONE, "started")]
    assert ops.done.read_text() == "again\n"
    [fact] = ops.watch.told("RestartTried")
    said = {name: fact.payload[name] for name in ("environment", "service", "by", "result")}
    assert said == {
        "environment": "prod",
        "service": "web",
        "by": "command",
        "result": "done",
    }


def test_three_times_an_hour_and_no_oftener(ops: Ops) -> None:
    ops.allow("acme.prod.web")
    ops.probe()
    made = 0
    for _ in range(59):
        made += ops.beat()
        ops.watch.pass_time(minutes=1)
    assert made == 3
    ops.watch.pass_time(minutes=2)
    assert ops.beat()
    assert [one.number for one in ops.tried()] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("script", "words"), [("echo no disk; exit 3", "no disk"), ("exit 1", "exit 1")]
)
def test_a_command_that_fails_is_told_as_failed(ops: Ops, script: str, words: str) -> None:
    ops.allow("acme.prod.web", script)
    ops.probe()
    assert ops.beat()
    assert ops.results() == [(Result.FAILED, words)]


def test_what_a_command_started_goes_on_after_it(ops: Ops, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    ops.allow("acme.prod.web", f"sleep 100 & echo $! > {pid}; echo started it")
    ops.probe()
    assert ops.beat(longest_s=5)
    assert ops.results() == [(Result.DONE, "started it")]
    os.kill(int(pid.read_text()), signal.SIGKILL)  # raises where there is none


def test_a_command_that_hangs_is_ended_with_all_that_it_started(ops: Ops) -> None:
    ops.allow("acme.prod.web", "sleep 60")
    ops.probe()
    assert ops.beat(longest_s=0.2)
    assert ops.results() == [(Result.FAILED, "it did not end within 0.2 s")]


def test_a_command_gets_nothing_of_our_environment(
    ops: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUARTERDECK_SECRET", "of-ours")
    ops.allow("acme.prod.web", "echo ${QUARTERDECK_SECRET:-nothing} $#")
    ops.probe()
    ops.beat()
    assert ops.results() == [(Result.DONE, "nothing 0")]


def test_what_no_command_is_named_after_is_left_alone(ops: Ops, tmp_path: Path) -> None:
    ops.allow("acme.test.web")
    ops.allow("other.prod.web")
    (ops.folder / "acme.prod.web").symlink_to(tmp_path / "elsewhere")
    ops.probe()
    ops.beat()
    assert [one.result for one in ops.tried()] == [Result.FAILED]  # a link out of the folder
    assert not ops.done.exists()


def test_what_hangs_on_something_that_is_down_is_not_started_again(ops: Ops, web: Endpoint) -> None:
    ops.watch.register("database", http(web.url))
    ops.watch.register("web", http(web.url), depends_on=("database",))
    ops.allow("acme.prod.web")
    ops.probe()
    assert ops.watch.states() == {"web": State.DOWN, "database": State.DOWN}
    assert not ops.beat()
    ops.allow("acme.prod.database")
    assert ops.beat()
    assert [one.service for one in ops.tried("database")] == ["database"]


def test_an_attempt_whose_process_died_is_not_known(ops: Ops) -> None:
    ops.allow("acme.prod.web")
    ops.probe()
    with ops.watch.work() as work:
        assert restarting.claim(work, ["acme.prod.web"], 3)
    with ops.watch.work() as work:
        assert restarting.claim(work, ["acme.prod.web"], 3) is None  # nobody else makes it too
    ops.watch.pass_time(minutes=6)
    ops.beat()
    results = [one.result for one in ops.tried()]
    assert results == [Result.DONE, Result.UNKNOWN]


def test_others_do_not_see_it(ops: Ops) -> None:
    eve = Actor("eve", frozenset({("health:read", "other")}))
    with ops.watch.look(eve) as work, pytest.raises(TenantNotFound):
        restarting.tried(work, "acme", "prod", "web")


def test_what_the_supervisor_did_is_told_once_by_whoever_comes_up(
    engine: Engine, tmp_path: Path
) -> None:
    watch, folder = Watch(engine), tmp_path / "left"
    files.leave(folder, "worker", -9, 1, micros(NOON))
    files.leave(folder, "worker", 7, 2, micros(NOON + MINUTE))
    (folder / "broken.json").write_text("{")
    (path, left), *_ = files.waiting(folder)
    with watch.work() as work:
        restarting.told_by_supervisor(work, left)  # and dies before it drops the file
    assert tell_restarts(engine, lambda: watch.now, folder) == 2
    assert tell_restarts(engine, lambda: watch.now, folder) == 0
    with watch.look() as work:
        found = restarting.tried(work, PLATFORM, INSTALLATION, "worker")
    assert [(one.by, one.number, one.result) for one in found] == [
        (Means.SUPERVISOR, 2, Result.STARTED),
        (Means.SUPERVISOR, 1, Result.STARTED),
    ]
    assert found[1].detail == "it had ended with signal 9; attempt 1 in a row"
    with reading(engine) as db:
        told = [fact.name for fact in outbox.after(db, PLATFORM, 0, 99)]
    assert told.count("RestartTried") == 2
    assert [one.name for one in folder.iterdir()] == ["broken.unreadable"]
    assert not path.exists()


ATTEMPTS = st.lists(st.integers(0, 180), max_size=8)


@given(ATTEMPTS, st.integers(1, 4))
def test_no_hour_has_more_attempts_than_allowed(gaps: list[int], most: int) -> None:
    standing = Standing(
        service=service("web"), state=State.DOWN, since=NOON, looked_at=NOON, reason="", seen={}
    )
    now, made = NOON, list[Restart]()
    for gap in gaps * 4:
        now += gap * timedelta(seconds=20)
        if is_due(standing, (), made, now, most):
            number = len(made) + 1
            made.append(
                Restart(
                    id=str(number),
                    tenant="acme",
                    environment="prod",
                    service="web",
                    by=Means.COMMAND,
                    number=number,
                    at=now,
                    result=Result.DONE,
                )
            )
    for one in made:
        hour = [other for other in made if timedelta(0) <= other.at - one.at < 60 * MINUTE]
        assert len(hour) <= most
