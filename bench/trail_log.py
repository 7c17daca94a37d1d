"""The log: appends, integration, verification, proofs, memory, restart.

SQLite with files, and PostgreSQL if TEST_POSTGRES_URL names one. Leaves of some 900 bytes,
as a payload of 600 makes; groups of 1,000 drafts, as a busy process flushes them.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random
from time import perf_counter

from sqlalchemy import Engine

from quarterdeck.kernel.clock import micros, utc_now
from quarterdeck.kernel.db import open_engine, writing
from quarterdeck.kernel.work import Actor, read
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.appender import open_log
from quarterdeck.trail.log.integrator import Integrator
from quarterdeck.trail.log.model import Prepared
from quarterdeck.trail.log.opening import Trail, open_trail
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.trail.proof.tree import leaf_hash

LEAVES = int(os.environ.get("BENCH_LEAVES", "200000"))
GROUP, PROOFS, FILLING = 1000, 5000, "x" * 800
BOB = Actor("bob", frozenset({("trail:read", "*")}))


def main() -> None:
    """Print a table for each database and number of logs; ``grow N``: what N leaves cost."""
    if sys.argv[1:2] == ["grow"]:
        return _grow(int(sys.argv[2]))
    urls = {"SQLite and files": "", "PostgreSQL": os.environ.get("TEST_POSTGRES_URL", "")}
    for name, url in urls.items():
        if name == "PostgreSQL" and not url:
            print("PostgreSQL: skipped, TEST_POSTGRES_URL is not set")
            continue
        for logs in (1, 20, 100):
            with tempfile.TemporaryDirectory() as folder:
                _table(f"{name}, {logs} logs", url or f"sqlite:///{folder}/db", Path(folder), logs)
    return None


def _table(name: str, url: str, folder: Path, logs: int) -> None:
    print(f"{name}, {LEAVES:,} leaves")
    engine = open_engine(url)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    with closing(open_trail(engine, folder / "trail", lasting=True)) as trail:
        integrator = _integrator(engine, trail, folder)
        appending, integrating = _append(engine, trail, integrator, logs, LEAVES)
        _show("append", LEAVES, appending)
        _show("integrate", LEAVES, integrating)
        if logs == 1:
            _looks(engine, trail, folder, integrator.keys)
    metadata.drop_all(engine)
    engine.dispose()


def _looks(engine: Engine, trail: Trail, folder: Path, keys: KeyStore) -> None:
    began = perf_counter()
    random = Random(7)  # noqa: S311  the same places each time
    with read(engine, BOB, utc_now) as work:
        for _ in range(PROOFS):
            log.prove_inclusion(work, trail.reader, "t0", random.randrange(LEAVES))
    _show("inclusion proofs, as use cases", PROOFS, perf_counter() - began)
    tree, near = trail.reader.tree("t0"), min(LEAVES, 100_000)
    for index in range(0, near, 100):
        tree.prove(index, LEAVES)
    began = perf_counter()
    for _ in range(PROOFS * 4):
        tree.prove(random.randrange(near), LEAVES)
    _show("inclusion proofs, warm", PROOFS * 4, perf_counter() - began)
    began = perf_counter()
    assert len(trail.reader.read("t0", 0, LEAVES)) == LEAVES
    _show("read", LEAVES, perf_counter() - began)

    def fetch(path: str) -> bytes | None:
        with read(engine, BOB, utc_now) as work:
            return log.resource(work, trail.reader, "t0", path)

    began = perf_counter()
    integrity.copy_log(fetch, folder / "copy")
    _show("copy", LEAVES, perf_counter() - began)
    key = Verifier.parse(keys.signer("t0").verifier.vkey)
    began = perf_counter()
    assert integrity.verify_copy(folder / "copy", key).intact
    _show("full verification", LEAVES, perf_counter() - began)
    shutil.rmtree(folder / "copy")


def _integrator(engine: Engine, trail: Trail, folder: Path) -> Integrator:
    return Integrator(
        engine=engine,
        keys=KeyStore(folder / "keys"),
        checkpoints=SqlCheckpointStore(engine),
        clock=utc_now,
        reader=trail.reader,
        tiles=trail.tiles,
    )


def _append(
    engine: Engine, trail: Trail, integrator: Integrator, logs: int, leaves: int
) -> tuple[float, float]:
    """Seconds spent appending, and integrating in between as each 250 ms would."""
    with writing(engine) as db:
        for number in range(logs):
            open_log(db, integrator.keys, f"t{number}")
    appending = integrating = 0.0
    for number, group in enumerate(_groups(logs, leaves)):
        began = perf_counter()
        trail.sequencer.append(group)
        appending += perf_counter() - began
        if number % 8 == 7:
            integrating += _timed(integrator)
    return appending, integrating + _timed(integrator)


def _timed(integrator: Integrator) -> float:
    began = perf_counter()
    integrator.integrate()
    return perf_counter() - began


def _groups(logs: int, leaves: int) -> Iterator[list[Prepared]]:
    at = micros(utc_now())
    for start in range(0, leaves, GROUP):
        yield [_draft(f"t{n % logs}", n, at) for n in range(start, min(start + GROUP, leaves))]


def _draft(tenant: str, number: int, at: int) -> Prepared:
    entry = (
        f'{{"filling":"{FILLING}","number":{number},"received_at":"2026-01-01T00:00:00.000000Z",'
        f'"tenant":"{tenant}"}}'
    ).encode()
    digest = sha256(entry).digest()
    return Prepared(
        log=tenant,
        record=f"{number:036}",
        entry=entry,
        hash=leaf_hash(entry),
        moment=at,
        tag=digest,
        digest=digest[:16],
    )


def _grow(leaves: int) -> None:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        folder = Path(name)
        engine = open_engine(f"sqlite:///{folder}/db")
        metadata.create_all(engine)
        with closing(open_trail(engine, folder / "trail", lasting=True)) as trail:
            integrator = _integrator(engine, trail, folder)
            appending, integrating = _append(engine, trail, integrator, 20, leaves)
            _show("append, 20 logs", leaves, appending)
            _show("integrate", leaves, integrating)
        mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  {'RSS, both in one process':<32}{mib:>10,.0f} MiB at {leaves:,} leaves")
        _restart(folder, leaves)


def _restart(folder: Path, leaves: int) -> None:
    began = perf_counter()
    subprocess.run([sys.executable, "-c", RESTART, str(folder)], check=True)
    print(f"  {'new process, to its first ack':<32}{perf_counter() - began:>10.2f} s ({leaves:,})")


RESTART = """
import sys, time
began = time.process_time()
from pathlib import Path
from quarterdeck.kernel.db import open_engine
from quarterdeck.trail.log.opening import open_trail
from bench.trail_log import _draft
folder = Path(sys.argv[1])
trail = open_trail(open_engine(f"sqlite:///{folder}/db"), folder / "trail", lasting=True)
assert trail.sequencer.append([_draft("t0", 0, 1)])[0].index == 0
print(f"  {'of which CPU':<32}{time.process_time() - began:>10.2f} s")
trail.close()
"""


def _show(what: str, count: int, seconds: float) -> None:
    print(f"  {what:<32}{count / seconds:>10,.0f}/s")


if __name__ == "__main__":
    main()
