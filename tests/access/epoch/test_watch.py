from pathlib import Path

import pytest

from access.stage import Stage
from quarterdeck.access.epoch import service as epoch
from quarterdeck.access.refusals import service as refusals
from quarterdeck.kernel.db import DatabaseUnavailable, open_engine
from quarterdeck.kernel.work import Actor


def test_the_epoch_moves_with_every_change_of_access_and_with_nothing_else(stage: Stage) -> None:
    watch = epoch.watch(stage.engine)
    before = watch.epoch()
    refusals.note(stage.engine, stage.clock, Actor("eve", frozenset()), "keys:rotate", "acme")
    assert watch.epoch() == before
    stage.tenant("acme")
    assert watch.epoch() > before


def test_a_change_that_has_not_committed_moves_nothing_yet(stage: Stage) -> None:
    watch = epoch.watch(stage.engine)
    before = watch.epoch()
    with stage.work() as work:
        epoch.advance(work)
        assert watch.epoch() == before
    assert watch.epoch() == before + 1


def test_a_database_that_is_not_there_is_said_to_be_unavailable(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/nowhere/db")
    with pytest.raises(DatabaseUnavailable):
        epoch.watch(engine).epoch()
    engine.dispose()
