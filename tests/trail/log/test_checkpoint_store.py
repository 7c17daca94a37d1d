"""What every CheckpointStore must do. A new one is tested by adding it to ``store``."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from quarterdeck.trail.log.model import Checkpoint, CheckpointMoved
from quarterdeck.trail.log.ports import CheckpointStore
from quarterdeck.trail.log.storage.memory import MemoryCheckpointStore
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore

LOG = "example.com/log"


def at(size: int, writer: str = "a") -> Checkpoint:
    return Checkpoint(LOG, size, f"{writer}{size}".encode(), 1_000_000 + size)


@pytest.fixture(params=["memory", "sql"])
def store(request: pytest.FixtureRequest, engine: Engine) -> CheckpointStore:
    return MemoryCheckpointStore() if request.param == "memory" else SqlCheckpointStore(engine)


def test_a_log_not_begun_has_no_checkpoint(store: CheckpointStore) -> None:
    assert store.latest(LOG) is None
    assert store.sizes() == {}


def test_the_checkpoint_published_last_is_the_latest(store: CheckpointStore) -> None:
    store.replace(None, at(0))
    store.replace(at(0), at(7))
    assert store.latest(LOG) == at(7)
    assert store.sizes() == {LOG: 7}


@pytest.mark.parametrize("stale", [None, at(3)])
def test_a_stale_writer_is_refused_and_changes_nothing(
    store: CheckpointStore, stale: Checkpoint | None
) -> None:
    store.replace(None, at(7))
    with pytest.raises(CheckpointMoved):
        store.replace(stale, at(9))
    assert store.latest(LOG) == at(7)


def test_of_many_racing_writers_one_wins(store: CheckpointStore) -> None:
    store.replace(None, at(0))
    with ThreadPoolExecutor(8) as pool:
        attempts = [pool.submit(store.replace, at(0), at(1, w)) for w in "abcdefgh"]
    assert [type(a.exception()) for a in attempts].count(CheckpointMoved) == 7
    assert store.latest(LOG) in [at(1, w) for w in "abcdefgh"]


def test_what_cosigned_it_stays_beside_it(store: CheckpointStore) -> None:
    cosigned, after = (replace(at(n), second_vkey=f"key{n}") for n in (7, 9))
    assert store.advance([(None, at(1))]) == store.advance([(at(1), cosigned)]) == set()
    assert store.latest(LOG) == cosigned
    store.replace(cosigned, after)
    assert store.latest(LOG) == after
    assert store.advance([(cosigned, at(10))]) == {LOG}
    assert store.advance([(after, at(10))]) == set()
    assert store.latest(LOG) == at(10)


@given(st.lists(st.sampled_from("ab")))
def test_two_writers_never_fork_the_log(turns: list[str]) -> None:
    store = MemoryCheckpointStore()
    seen: dict[str, Checkpoint | None] = {"a": None, "b": None}
    published: list[Checkpoint | None] = [None]
    for size, writer in enumerate(turns):
        with suppress(CheckpointMoved):
            store.replace(seen[writer], at(size, writer))
            assert published[-1] == seen[writer]
            published.append(at(size, writer))
        seen[writer] = store.latest(LOG)
    assert store.latest(LOG) == published[-1]
