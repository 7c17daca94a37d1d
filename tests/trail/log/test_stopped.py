"""A process that is stopped in the middle of an append, and goes on when others have been at it.

Real processes: SIGSTOP falls wherever it falls, until it has fallen where it hurts.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from quarterdeck.kernel.db import writing
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.storage import leaves
from quarterdeck.trail.log.storage.files import FileReader
from quarterdeck.trail.log.storage.layout import Layout
from quarterdeck.trail.log.storage.rows import SqlReader
from quarterdeck.trail.log.storage.tail import Tail
from quarterdeck.trail.proof.tree import leaf_hash, root_hash
from servers import postgres
from trail.log.drafts import prepared
from waiting import until

TESTS = Path(__file__).parents[2]
START_S, GO_ON_S, TRIES = 60, 30, 500
ALL = 1 << 20
HOLDS = {
    "between two statements": "state LIKE 'idle in transaction%'",
    "while it copies": "state = 'active' AND wait_event = 'ClientRead' AND query LIKE 'COPY%'",
}
"""Where in its transaction a process stands when it is stopped, as PostgreSQL sees it."""


@dataclass
class Appending:
    """A process that appends, and what it said."""

    who: str
    child: "subprocess.Popen[str]"
    acknowledged: list[tuple[int, str]] = field(default_factory=list)
    refused: int = 0

    def listen(self) -> None:
        assert self.child.stdout
        for line in self.child.stdout:
            if line.startswith("again"):
                self.refused += 1
            elif line.endswith("\n"):
                index, name = line.split()
                self.acknowledged.append((int(index), name))

    def stop(self) -> None:
        """Stop it, and wait until it stands."""
        self.child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def go_on(self) -> None:
        self.child.send_signal(signal.SIGCONT)

    def has_more(self, by: int = 5) -> Callable[[], bool]:
        """Whether so many more were acknowledged since now."""
        before = len(self.acknowledged)
        return lambda: len(self.acknowledged) >= before + by


@contextmanager
def appending(where: str, who: str) -> Iterator[Appending]:
    child = subprocess.Popen(
        [sys.executable, "-m", "trail.log.appending", where, who],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    found = Appending(who, child)
    listener = Thread(target=found.listen)
    listener.start()
    try:
        until(found.has_more(), START_S, f"{who} appends")
        yield found
    finally:
        child.kill()
        child.wait()
        listener.join()
        if child.stdout:
            child.stdout.close()


def check(reader: Reader, *said: Appending) -> None:
    """Each that was acknowledged stands where it was said to, and none stands twice."""
    found = reader.entries("acme", 0, ALL)
    assert len(set(found)) == len(found) == reader.size("acme")
    for one in said:
        assert one.acknowledged
        for index, name in one.acknowledged:
            assert found[index] == prepared("acme", name).entry


def root(reader: Reader, size: int) -> bytes:
    return root_hash([leaf_hash(entry) for entry in reader.entries("acme", 0, size)])


def stopped_where(one: Appending, url: URL, holds: str) -> None:
    """Stop it again and again, until it stands where it holds the log."""
    bare = url.update_query_dict({"application_name": one.who})
    with postgres.connect(url) as db:
        for _ in range(TRIES):
            one.stop()
            if holding(db, bare.query["application_name"], holds):
                return
            more = one.has_more(1)
            one.go_on()
            until(more, GO_ON_S, f"{one.who} goes on")
    raise AssertionError(f"in {TRIES} stops it never stood where {holds}")


def holding(
    db: "psycopg.Connection[tuple[object, ...]]", who: str | tuple[str, ...], holds: str
) -> bool:
    asked = f"""
        SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
        WHERE application_name = %s AND l.relation = 'trail_log'::regclass
          AND l.mode = 'RowExclusiveLock' AND l.granted AND {holds.replace("%", "%%")}
    """  # noqa: S608  our own words
    ((count,),) = db.execute(asked.encode(), (who,)).fetchall()
    return bool(count)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.parametrize("place", HOLDS)
def test_on_postgres_another_goes_on_and_the_stopped_one_too(engine: Engine, place: str) -> None:
    with writing(engine) as db:
        leaves.begin(db, "acme", "origin/acme", "vkey")
    reader = SqlReader(engine)

    def named(who: str) -> str:
        url = engine.url.update_query_dict({"application_name": who})
        return url.set(drivername="postgresql").render_as_string(hide_password=False)

    with appending(named("one"), "one") as one, appending(named("other"), "other") as other:
        stopped_where(one, engine.url, HOLDS[place])
        until(other.has_more(), GO_ON_S, "another appends though one stands in its group")
        size = reader.size("acme")
        before = root(reader, size)
        one.go_on()
        until(one.has_more(), GO_ON_S, "the stopped one goes on")
        until(other.has_more(), GO_ON_S)
        assert root(reader, size) == before
    check(reader, one, other)


def test_on_files_none_appends_beside_a_stopped_holder_and_another_goes_on_when_it_ends(
    tmp_path: Path,
) -> None:
    layout = Layout(tmp_path)
    with appending(str(tmp_path), "one") as one, appending(str(tmp_path), "other") as other:
        one.stop()
        refused, at = other.refused, len(other.acknowledged)
        until(lambda: other.refused > refused + 1, GO_ON_S, "the other is told that nobody appends")
        assert len(other.acknowledged) <= at + 1  # what was answered before the stop
        with closing(FileReader(layout, Tail(layout.journal))) as reader:
            size = reader.size("acme")
            before = root(reader, size)
        one.go_on()
        until(other.has_more(), GO_ON_S, "both go on")
        until(one.has_more(), GO_ON_S)
        one.stop()
        one.child.kill()
        until(other.has_more(), GO_ON_S, "the other has taken over")
        with closing(FileReader(layout, Tail(layout.journal))) as reader:
            assert root(reader, size) == before
            other.child.kill()
            other.child.wait()
            check(reader, one, other)
