"""A pooled connection whose server left: noticed before it is used, if it had rested."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from quarterdeck.kernel import pooling
from quarterdeck.kernel.db import DatabaseUnavailable, open_engine, reading


@pytest.fixture
def server(postgres_url: str) -> Iterator[Engine]:
    engine = open_engine(postgres_url)
    yield engine
    engine.dispose()


PID = text("SELECT pg_backend_pid()")


def backend(engine: Engine) -> int:
    with reading(engine) as db:
        return int(db.scalar(PID) or 0)


def end(url: str, pid: int) -> None:
    other = open_engine(url)
    with reading(other) as db:
        assert db.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()


def pings(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    asked: list[object] = []
    ping = engine.dialect.do_ping

    def counted(connection: DBAPIConnection) -> bool:
        asked.append(connection)
        return ping(connection)

    monkeypatch.setattr(engine.dialect, "do_ping", counted)
    return asked


def test_who_was_just_used_is_used_again_unasked(
    server: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "RESTED_S", 60.0)
    asked = pings(server, monkeypatch)
    assert len({backend(server) for _ in range(5)}) == 1
    assert asked == []


def test_who_rested_is_asked_and_replaced_where_it_is_dead(
    server: Engine, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "RESTED_S", 0.0)
    first, asked = backend(server), pings(server, monkeypatch)
    assert backend(server) == first
    assert len(asked) == 1
    end(postgres_url, first)
    assert backend(server) != first


def test_one_that_is_dead_has_all_be_made_anew(
    server: Engine, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "RESTED_S", 0.0)
    with reading(server) as one, reading(server) as other:
        pids = [int(db.scalar(PID) or 0) for db in (one, other)]
    for pid in pids:
        end(postgres_url, pid)
    asked = pings(server, monkeypatch)
    with reading(server) as one, reading(server) as other:
        assert {int(db.scalar(PID) or 0) for db in (one, other)}.isdisjoint(pids)
    assert len(asked) == 1


def test_who_dies_unasked_fails_once_and_is_replaced(
    server: Engine, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "RESTED_S", 60.0)
    first = backend(server)
    end(postgres_url, first)
    with pytest.raises(DatabaseUnavailable):
        backend(server)
    assert backend(server) != first
