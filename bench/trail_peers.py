"""The trail beside others that keep events or chain them: same disk, same events, one writer.

Events of 600 bytes, each acknowledged only once it is durable, in groups of 100 and one by one.
Ours are whole records, classified, tagged and hashed, in the journal;
the others store the bytes as they came. ``pip install -r bench/peers.txt`` for eventsourcing and
pymerkle; ``npm install hypercore`` beside, and BENCH_NODE_PATH its folder, for hypercore, which
syncs nothing to the disk. PostgreSQL is started where it is installed.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from bench._databases import commits_per_s, database
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine, writing
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.ingest.drafting import Moment, Place, draft, prepared
from quarterdeck.trail.ingest.wire import event_of
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import Tagger
from quarterdeck.trail.log.appender import open_log
from quarterdeck.trail.log.integrator import Integrator
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.trail.policy.compiled import Classifier
from quarterdeck.trail.policy.model import Classification, Rule

GROUPED, SINGLES, GROUP = (int(os.environ.get("BENCH_EVENTS", "20000")), 1000, 100)
RULES = Classification(rules=(Rule(path="/payload/*", cls="public"),))
CHAIN = """
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE TABLE chain (id bigserial PRIMARY KEY, entry bytea NOT NULL, hash bytea NOT NULL);
CREATE FUNCTION chained() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last bytea;
BEGIN
  PERFORM pg_advisory_xact_lock(7);
  SELECT hash INTO last FROM chain ORDER BY id DESC LIMIT 1;
  NEW.hash := digest(coalesce(last, ''::bytea) || NEW.entry, 'sha256');
  RETURN NEW;
END $$;
CREATE TRIGGER chained BEFORE INSERT ON chain FOR EACH ROW EXECUTE FUNCTION chained();
"""

Append = Callable[[Sequence[bytes]], object]


def events(first: int, count: int) -> list[bytes]:
    """Events as they are sent, 600 bytes each."""
    return [
        b'{"id":"%d","occurred_at":"2026-02-28T12:00:00Z","actor":{"type":"user","id":"u-1"},'
        b'"action":"orders:create","resource":{"type":"order","id":"o-%d"},"payload":{"note":"%b"}}'
        % (n, n, b"x" * 420)
        for n in range(first, first + count)
    ]


@contextmanager
def trail(name: str, folder: Path) -> Iterator[Append]:
    """Our own journal, in files or in PostgreSQL, and the tree over it."""
    with database(name) as url:
        engine = open_engine(_there(url))
        metadata.create_all(engine)
        keys = KeyStore(folder / "keys")
        with writing(engine) as db:
            open_log(db, keys, "t")
        place = Place(
            tenant="t", origin="o", tagger=Tagger(b"s" * 32), classifier=Classifier(RULES)
        )
        with closing(open_trail(engine, folder / "trail", lasting=True)) as opened:

            def append(raws: Sequence[bytes]) -> None:
                now = utc_now()
                at = Moment.of(now)
                ready = []
                for raw in raws:
                    event = event_of(raw)
                    made = draft(place, "p", event, raw, event.key, now)
                    ready.append(prepared(place, "p", made, str(uuid4()), at, _no_key))
                opened.sequencer.append(ready)

            yield append
            Integrator(
                engine=engine,
                keys=keys,
                checkpoints=SqlCheckpointStore(engine),
                clock=utc_now,
                reader=opened.reader,
                tiles=opened.tiles,
            ).integrate()
        engine.dispose()


@contextmanager
def eventsourcing(folder: Path) -> Iterator[Append]:
    """eventsourcing's recorder on SQLite: WAL, synchronous=FULL."""
    from eventsourcing.persistence import StoredEvent  # noqa: PLC0415  only where installed
    from eventsourcing.sqlite import (  # noqa: PLC0415
        SQLiteApplicationRecorder,
        SQLiteDatastore,
    )

    recorder: Any = SQLiteApplicationRecorder(SQLiteDatastore(str(folder / "events.db")))
    recorder.create_table()
    aggregate, version = uuid4(), 0

    def append(raws: Sequence[bytes]) -> None:
        nonlocal version
        stored = [StoredEvent(aggregate, version + n, "event", raw) for n, raw in enumerate(raws)]
        version += len(raws)
        recorder.insert_events(stored)

    yield append


@contextmanager
def pymerkle(folder: Path) -> Iterator[Append]:
    """pymerkle's tree on SQLite, synchronous=FULL."""
    from pymerkle import SqliteTree  # noqa: PLC0415  only where installed

    tree: Any = SqliteTree(str(folder / "tree.db"))

    def append(raws: Sequence[bytes]) -> None:
        if len(raws) == 1:
            tree.append_entry(raws[0])
        else:
            tree.append_entries(raws)

    yield append
    tree.get_root()
    tree.close()


@contextmanager
def chain(_folder: Path) -> Iterator[Append]:
    """A hash chain by a trigger of PostgreSQL, synchronous_commit=on."""
    with database("postgres") as url:
        engine = open_engine(_there(url))
        with writing(engine) as db:
            db.execute(text(CHAIN))

        def append(raws: Sequence[bytes]) -> None:
            with writing(engine) as db:
                rows = [{"entry": raw} for raw in raws]
                db.execute(text("INSERT INTO chain (entry, hash) VALUES (:entry, '')"), rows)

        yield append
        engine.dispose()


def main() -> None:
    """Print a table: events a second."""
    print(f"bare SQLite on this disk: {commits_per_s():,.0f} commits/s")
    print(f"{'':<34}{'groups of 100':>15}{'one by one':>13}")
    for name, opened in (
        ("quarterdeck, files", lambda folder: trail("sqlite", folder)),
        ("quarterdeck, PostgreSQL", lambda folder: trail("postgres", folder)),
        ("eventsourcing, SQLite", eventsourcing),
        ("pymerkle, SQLite", pymerkle),
        ("trigger hash chain, PostgreSQL", chain),
    ):
        try:
            rates = [_rate(opened, count, size) for count, size in ((GROUPED, GROUP), (SINGLES, 1))]
        except ImportError as error:
            print(f"{name:<34}left out: {error}")
            continue
        _show(name, rates)
    if modules := os.environ.get("BENCH_NODE_PATH"):
        _show("hypercore, not synced", [_node(modules, GROUPED, GROUP), _node(modules, SINGLES, 1)])


def _there(url: str) -> str:
    if not url:
        raise ImportError("no PostgreSQL here")
    return url


def _rate(opened: Callable[[Path], Any], count: int, size: int) -> float:
    with TemporaryDirectory() as folder:
        began = perf_counter()
        with opened(Path(folder)) as append:
            began = perf_counter()
            for first in range(0, count, size):
                append(events(first, size))
            appended = perf_counter()

        return count / (appended - began)


def _node(modules: str, count: int, size: int) -> float:
    script = Path(modules) / "peer_hypercore.mjs"
    copyfile(Path(__file__).parent / script.name, script)
    with TemporaryDirectory() as folder:
        told = subprocess.run(
            ["node", str(script), folder, str(count), str(size)],
            cwd=modules,
            check=True,
            capture_output=True,
        )
    return count / float(told.stdout)


def _show(name: str, rates: Sequence[float]) -> None:
    print(f"{name:<34}{rates[0]:>13,.0f}/s{rates[1]:>11,.0f}/s", flush=True)


def _no_key(_subject: str) -> Any:  # noqa: ANN401  nothing is committed here
    raise AssertionError


if __name__ == "__main__":
    main()
