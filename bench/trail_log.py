"""The log: appends, integration, verification, proofs. SQLite, and PostgreSQL if it is there."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine

from quarterdeck.events.access import PrincipalCreated, TokenRevoked
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.ingest.service import subscriber
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.integrator import integrate
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore

LEAVES, PROOFS, BATCH = 20_000, 2_000, 1_000
BOB = Actor("bob", frozenset({("trail:read", "acme")}))


def main() -> None:
    """Print one table for each database."""
    urls = {"SQLite": "", "PostgreSQL": os.environ.get("TEST_POSTGRES_URL", "")}
    for name, url in urls.items():
        if name == "PostgreSQL" and not url:
            print("PostgreSQL: skipped, TEST_POSTGRES_URL is not set")
            continue
        with tempfile.TemporaryDirectory() as folder:
            _table(name, url or f"sqlite:///{folder}/db", Path(folder))


def _table(name: str, url: str, folder: Path) -> None:
    print(f"{name}, {LEAVES:,} leaves")
    with _opened(url) as engine:
        keys = KeyStore(folder / "keys")
        _show("append, all public", LEAVES, _append(engine, keys, _revoked))
        _show("append, one committed field", LEAVES // 4, _append(engine, keys, _created, 4))
        size = LEAVES + LEAVES // 4
        checkpoints = SqlCheckpointStore(engine)
        _show("integrate", size, _timed(lambda: integrate(engine, keys, checkpoints, utc_now)))
        _show("inclusion proofs, one by one", PROOFS, _timed(partial(_prove, engine, size)))
        copy = folder / "copy"
        _show("copy", size, _timed(partial(_copy, engine, copy)))
        key = Verifier.parse(keys.signer("acme").verifier.vkey)
        _show("verify a copy", size, _timed(lambda: _verify(copy, key)))
        shutil.rmtree(copy)


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    yield engine
    metadata.drop_all(engine)
    engine.dispose()


def _revoked(number: int) -> Event:
    return TokenRevoked(tenant="acme", token=f"token-{number}")


def _created(number: int) -> Event:
    return PrincipalCreated(
        tenant="acme", principal=f"p{number % 50}", kind="person", name="Ada Lovelace"
    )


def _append(engine: Engine, keys: KeyStore, make: Callable[[int], Event], fewer: int = 1) -> float:
    count = LEAVES // fewer
    for start in range(0, count, BATCH):
        with begin(engine, BOB, utc_now) as work:
            for number in range(start, min(start + BATCH, count)):
                work.publish(make(number))
    trail = subscriber(keys)
    began = perf_counter()
    ((tenant, place),) = deliveries.behind(engine, trail.name)
    while moved := deliveries.deliver(engine, utc_now, trail, tenant, place):
        place += moved
    return perf_counter() - began


def _prove(engine: Engine, size: int) -> None:
    with read(engine, BOB, utc_now) as work:
        for index in range(0, size, size // PROOFS):
            log.prove_inclusion(work, "acme", index)


def _copy(engine: Engine, copy: Path) -> None:
    def fetch(path: str) -> bytes | None:
        with read(engine, BOB, utc_now) as work:
            return log.resource(work, "acme", path)

    integrity.copy_log(fetch, copy)


def _verify(copy: Path, key: Verifier) -> None:
    assert integrity.verify_copy(copy, key).intact


def _timed(run: Callable[[], object]) -> float:
    began = perf_counter()
    run()
    return perf_counter() - began


def _show(what: str, count: int, seconds: float) -> None:
    print(f"  {what:<30}{count / seconds:>12,.0f}/s")


if __name__ == "__main__":
    main()
