"""Transactions: who may write, whose turn it is, and what a person is told when they cannot."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from select import select as select_ready
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from quarterdeck.kernel.clock import instant, utc_now
from quarterdeck.kernel.db import (
    DatabaseUnavailable,
    NoDatabase,
    glancing,
    now_micros,
    open_engine,
    reading,
    sqlite_is_safe_across_processes,
    storable,
    writing,
)
from quarterdeck.kernel.db import sqlite as driver
from quarterdeck.kernel.outbox import sequences
from servers import databases, postgres
from waiting import until


def write(engine: Engine, tenant: str = "acme") -> None:
    with writing(engine) as db:
        db.execute(insert(sequences).values(tenant=tenant, last=1))


def written(engine: Engine) -> list[str]:
    with reading(engine) as db:
        return list(db.scalars(select(sequences.c.tenant).order_by(sequences.c.tenant)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "quarterdeck.db"


@pytest.fixture
def sqlite_engine(file: Path) -> Iterator[Engine]:
    databases.sqlite(file.with_name("template.db"), file.parent)
    with databases.opened(f"sqlite:///{file}") as engine:
        yield engine


def test_a_new_database_lets_in_all_who_come_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def come(file: Path) -> Any:  # noqa: ANN401  a number
        together.wait()
        with databases.opened(f"sqlite:///{file}") as engine, reading(engine) as db:
            return db.scalar(text("SELECT count(*) FROM sqlite_master"))

    with ThreadPoolExecutor(4) as pool:
        for number in range(40):
            files = [tmp_path / f"{number}.db"] * 4
            assert list(pool.map(come, files)) == [0] * 4


def test_what_a_block_wrote_is_there_after_it(engine: Engine) -> None:
    write(engine)
    assert written(engine) == ["acme"]


def test_a_block_that_raises_wrote_nothing(engine: Engine) -> None:
    def fail() -> None:
        with writing(engine) as db:
            db.execute(insert(sequences).values(tenant="acme", last=1))
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    assert written(engine) == []


def test_a_write_where_we_meant_to_read_is_a_bug_and_not_an_outage(engine: Engine) -> None:
    with reading(engine) as db, pytest.raises(DBAPIError):
        db.execute(insert(sequences).values(tenant="acme", last=1))


def test_a_connection_that_read_can_write_again_and_the_other_way_round(engine: Engine) -> None:
    for n in range(3):
        write(engine, f"t{n}")
        assert len(written(engine)) == n + 1


def test_a_glance_holds_nobody_up_and_sees_what_is_there(engine: Engine) -> None:
    many = select(func.count()).select_from(sequences)
    with glancing(engine) as db:
        assert db.scalar(many) == 0
        write(engine)
    with glancing(engine) as db:
        assert db.scalar(many) == 1


@pytest.mark.postgres
def test_a_glance_is_one_round_trip_and_begins_no_transaction(postgres_url: str) -> None:
    with databases.opened(postgres_url) as engine, glancing(engine) as db:
        first, second = (db.scalar(text("SELECT pg_current_xact_id()")) for _ in range(2))
        assert first != second


def test_a_connection_that_glanced_begins_transactions_again(engine: Engine) -> None:
    with glancing(engine) as db:
        db.scalar(select(1))
    with suppress(ZeroDivisionError), writing(engine) as db:
        db.execute(insert(sequences).values(tenant="acme", last=1))
        raise ZeroDivisionError
    assert written(engine) == []


def test_a_mistake_in_a_statement_is_no_outage(engine: Engine) -> None:
    write(engine)
    with pytest.raises(IntegrityError):
        write(engine)
    with pytest.raises(DBAPIError), reading(engine) as db:
        db.execute(text("SELECT * FROM nowhere"))


def test_the_databases_clock_is_the_time(engine: Engine) -> None:
    with reading(engine) as db:
        told = instant(db.scalar(select(now_micros())) or 0)
    assert abs(told - utc_now()) < timedelta(seconds=5)


def test_writers_of_two_processes_wait_for_each_other_in_turn(sqlite_engine: Engine) -> None:
    """A bulk writer in another process does not starve this one."""
    stop_read, stop_write = os.pipe()
    child = os.fork()
    if child == 0:
        _write_in_bulk_until(sqlite_engine, stop_write, stop_read)
    os.close(stop_read)
    until(lambda: "bulk" in written(sqlite_engine), what="the other process writes")
    waits = []
    for n in range(20):
        began = monotonic()
        write(sqlite_engine, f"t{n}")
        waits.append(monotonic() - began)
    os.close(stop_write)
    assert os.waitpid(child, 0)[1] == 0
    assert max(waits) < 2


def _write_in_bulk_until(engine: Engine, theirs: int, stop: int) -> None:
    os.close(theirs)
    os.set_blocking(stop, False)
    code, bulk = 1, insert(sequences).prefix_with("OR REPLACE")
    try:
        engine.dispose(close=False)
        while not _closed(stop):
            with writing(engine) as db:
                db.execute(bulk, [{"tenant": f"bulk{n or ''}", "last": 1} for n in range(500)])
        code = 0
    finally:
        os._exit(code)


def _closed(descriptor: int) -> bool:
    try:
        return os.read(descriptor, 1) == b""
    except BlockingIOError:
        return False


def test_a_full_disk_is_told_and_nothing_is_lost(sqlite_engine: Engine) -> None:
    write(sqlite_engine, "before")
    with _page_limit(sqlite_engine), pytest.raises(DatabaseUnavailable, match="full"):
        write(sqlite_engine, "x" * 1_000_000)
    write(sqlite_engine, "after")
    assert written(sqlite_engine) == ["after", "before"]


@contextmanager
def _page_limit(engine: Engine) -> Iterator[None]:
    """As if the disk were full: SQLite gives the same error."""

    def limit(pages: int) -> None:
        with engine.connect() as db:
            db.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    limit(1)  # never fewer than there are
    try:
        yield
    finally:
        limit(10**9)


def test_a_file_that_another_program_locks_is_told(file: Path, sqlite_engine: Engine) -> None:
    @event.listens_for(sqlite_engine, "connect")
    def impatient(connection: Any, _: object) -> None:  # noqa: ANN401  a DBAPI connection
        connection.execute("PRAGMA busy_timeout = 1")

    with closing(driver.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnavailable, match="locked"):
            write(sqlite_engine)
    write(sqlite_engine)


@pytest.mark.parametrize("replace", [False, True])
def test_a_file_that_was_taken_away_is_not_written_to(
    file: Path, sqlite_engine: Engine, *, replace: bool
) -> None:
    write(sqlite_engine, "before")
    away = file.rename(file.with_name("away.db"))
    if replace:
        file.touch()
    for act in (write, written):
        with pytest.raises(DatabaseUnavailable, match="removed or replaced"):
            act(sqlite_engine)
    assert replace or not file.exists()
    away.replace(file)
    write(sqlite_engine, "after")
    assert written(sqlite_engine) == ["after", "before"]


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "quarterdeck.db").write_bytes(b"not a database at all" * 100)
    with (
        databases.opened(f"sqlite:///{tmp_path}/quarterdeck.db") as engine,
        pytest.raises(DatabaseUnavailable, match="not a database"),
    ):
        write(engine)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with databases.opened(f"sqlite:///{tmp_path}/nowhere/quarterdeck.db") as engine:
        for act in (write, written):
            with pytest.raises(DatabaseUnavailable, match="open"):
                act(engine)


@pytest.mark.postgres
def test_a_postgres_that_goes_away_is_told_and_comes_back() -> None:
    if reason := postgres.missing():
        pytest.skip(reason)
    with postgres.own_server(durable=False) as url, databases.opened(url) as engine:
        sequences.create(engine)
        write(engine, "before")
        _cut(engine)
        write(engine, "after a cut")
        assert written(engine) == ["after a cut", "before"]
        _end(url.query["host"])
        for act in (write, written):
            with pytest.raises(DatabaseUnavailable):
                act(engine)


def _cut(engine: Engine) -> None:
    """Break every idle connection off, as an administrator or a failover does."""
    with engine.connect() as held:
        pid = held.scalar(text("SELECT pg_backend_pid()"))
        with postgres.connect(engine.url) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid NOT IN (%s, pg_backend_pid())",
                [pid],
            )


def _end(folder: str | tuple[str, ...]) -> None:
    assert isinstance(folder, str)
    pid = int(Path(folder, "data", "postmaster.pid").read_text().split()[0])
    process = os.pidfd_open(pid)
    signal.pidfd_send_signal(process, signal.SIGINT)  # a "fast" shutdown
    select_ready([process], [], [], 30)
    os.close(process)


@pytest.mark.postgres
def test_a_deadlock_is_something_to_try_again(postgres_url: str) -> None:
    with databases.opened(postgres_url) as engine:
        sequences.create(engine)
        for tenant in "ab":
            write(engine, tenant)
        both = threading.Barrier(2)

        def take(order: str) -> Exception | None:
            lock = select(sequences).with_for_update()
            try:
                with writing(engine) as db:
                    db.execute(lock.where(sequences.c.tenant == order[0]))
                    both.wait(10)
                    db.execute(lock.where(sequences.c.tenant == order[1]))
            except DatabaseUnavailable as error:
                return error
            return None

        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(take, ["ab", "ba"]))
    assert [str(error) for error in outcomes if error]
    assert None in outcomes


def test_when_all_connections_are_in_use_that_is_told(sqlite_engine: Engine) -> None:
    with databases.opened(sqlite_engine.url) as engine:
        url = engine.url
    small = open_engine(url.render_as_string(), pool_size=1)
    pool = small.pool
    pool._timeout = 0.01  # type: ignore[attr-defined]  # noqa: SLF001  QueuePool's; 30 s otherwise
    try:
        with (
            reading(small),
            reading(small),
            pytest.raises(DatabaseUnavailable, match="connections"),
        ):
            written(small)
    finally:
        small.dispose()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((4, 0, 0), True),
    ],
)
def test_a_sqlite_with_the_wal_reset_bug_is_known(version: tuple[int, ...], *, safe: bool) -> None:
    assert sqlite_is_safe_across_processes(version) is safe


@pytest.mark.parametrize("words", ["a\0b", "\ud800", "é" * 10_000])
def test_any_words_can_be_made_fit_to_store(engine: Engine, words: str) -> None:
    write(engine, storable(words))
    assert written(engine) == [storable(words)]


@pytest.mark.parametrize("url", ["nonsense", "mysql://ada:hush@x/db", "postgresql://ada:hush@x:y"])
def test_what_names_no_database_we_speak_to_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(NoDatabase) as refused:
        open_engine(url)
    assert "hush" not in str(refused.value)


def test_an_error_does_not_repeat_the_values_of_its_statement(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as refused, writing(engine) as db:
        db.execute(text("INSERT INTO nowhere VALUES (:value)"), {"value": "hush"})
    assert "nowhere" in str(refused.value)
    assert "hush" not in str(refused.value)
