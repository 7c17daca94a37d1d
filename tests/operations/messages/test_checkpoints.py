"""The day's checkpoints as a mail, from which a log can be held to its past."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from kernel.jobs.queues import LONG, claim, expire
from operations.messages.stage import Stage
from quarterdeck.kernel import deliveries, schedules
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.operations.messages import hearing
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.log.model import Checkpoint, LogDamaged
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.witnesses import noting
from quarterdeck.trail.witnesses.noting import NOTING, note_checkpoints, noting_kind
from quarterdeck.worker.schedule import tick_all
from trail.installation import Installation

KEEPER = "keeper@elsewhere.example"


@pytest.fixture
def installation(stage: Stage, tmp_path: Path) -> Iterator[Installation]:
    opened = Installation(stage.engine, stage.keys, tmp_path, now=stage.clock())
    yield opened
    opened.trail.close()


@dataclass
class Damaged:
    """A reader to which the checkpoint of acme is damaged."""

    reader: Reader

    def sizes(self) -> Mapping[str, int]:
        return self.reader.sizes()

    def checkpoint(self, log: str) -> Checkpoint | None:
        if log == "acme":
            raise LogDamaged("the checkpoint of acme is damaged")
        return self.reader.checkpoint(log)


def heard(installation: Installation) -> None:
    """What the worker does with what the trail tells."""
    told = hearing.subscriber()
    for tenant, place in deliveries.behind(installation.engine, told.name):
        while moved := deliveries.deliver(
            installation.engine, installation.clock, told, tenant, place
        ):
            place += moved  # noqa: PLW2901  the place moves with what was received


def noted(stage: Stage, installation: Installation, to: str = KEEPER, run: str = "run-1") -> None:
    with stage.work() as work:
        note_checkpoints(work, installation.reader, to, run)
    heard(installation)


@pytest.mark.census("ATP-505")
def test_a_mail_brings_each_log_s_note_as_it_was_signed(
    stage: Stage, installation: Installation
) -> None:
    installation.grow(5)
    noted(stage, installation)
    stage.settle()
    (came,) = stage.box.to(KEEPER)
    lines = came.message.get_content().splitlines()
    below = lines[lines.index(f"--- acme, {installation.reader.size('acme')} records ---") + 1 :]
    note = "".join(f"{one}\n" for one in below[:5])
    installation.grow(4)
    verdict = integrity.verify(
        installation.serve, installation.keys.signer("acme").verifier, note.encode()
    )
    assert verdict.findings == ()


def test_the_same_run_is_told_once_and_another_of_the_day_as_well(
    stage: Stage, installation: Installation
) -> None:
    installation.grow(1)
    noted(stage, installation)
    noted(stage, installation)
    stage.settle()
    assert len(stage.box.to(KEEPER)) == 1
    noted(stage, installation, run="run-2")
    stage.settle()
    assert len(stage.box.to(KEEPER)) == 2


@pytest.mark.census("ATP-505")
def test_many_parts_are_as_many_mails_and_each_is_whole(
    stage: Stage, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noting, "MOST_BYTES", 1)
    logs = [f"log-{n}" for n in range(6)]
    for one in logs:
        installation.revoke(1, one)
    installation.deliver()
    installation.integrate()
    noted(stage, installation)
    stage.settle()
    came = [one.message.get_content() for one in stage.box.to(KEEPER)]
    assert len(came) == len(installation.reader.sizes()) >= 6
    for log in logs:
        (mail,) = (text for text in came if f"--- {log}, " in text)
        assert "Keep this mail where nobody" in mail
        assert "shortened" not in mail


def test_a_log_that_is_damaged_does_not_stop_the_mail_of_the_others(
    stage: Stage, installation: Installation
) -> None:
    installation.revoke(1, "beta")
    installation.grow(1)
    with stage.work() as work:
        note_checkpoints(work, Damaged(installation.reader), KEEPER, "run-1")  # type: ignore[arg-type]  # what is asked of it
    heard(installation)
    stage.settle()
    (came,) = stage.box.to(KEEPER)
    text = "\n".join(came.message.get_content().splitlines())
    assert "--- acme ---\ncannot be read: the checkpoint of acme is damaged" in text
    assert "--- beta, 1 records ---" in text


def test_an_address_that_is_none_is_no_silence(stage: Stage, installation: Installation) -> None:
    installation.grow(1)
    with pytest.raises(Invalid, match="checkpoint_mail"):
        noted(stage, installation, "nobody")


@pytest.mark.parametrize("to", [KEEPER, ""])
def test_each_day_they_are_noted_where_somebody_keeps_them(
    stage: Stage, installation: Installation, to: str
) -> None:
    installation.grow(1)
    installation.later(timedelta(days=-1))
    with stage.engine.begin() as db:
        schedules.put(db, installation.clock(), NOTING)
    installation.later(timedelta(days=1))
    tick_all(stage.engine, installation.clock)
    expire(stage.engine)
    (job,) = claim(stage.engine, kinds={NOTING.kind: 1})
    run = Run(job=job, engine=stage.engine, clock=installation.clock, lease=LONG)
    noting_kind(installation.reader, to).run(run)
    heard(installation)
    stage.settle()
    assert len(stage.box.got) == bool(to)
