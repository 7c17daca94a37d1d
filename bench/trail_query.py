"""The read models: how fast they follow, and how fast each filter answers.

SQLite with files, and PostgreSQL if TEST_POSTGRES_URL names one. BENCH_EVENTS leaves of some
900 bytes in one log: 5,000 actors, 200,000 resources, 40 actions, 1 of 100 denied, 3 of 100
failed; each commits to an address of its actor's and one of 200,000 accounts (BENCH_SECRETS=0:
to nothing). Each question is asked of the use case, with its records read from the log, and none of
it from the cache. With BENCH_KEEP, what was built stays in that folder: ten million are built
once, and asked again by the next run.
"""

import os
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from time import perf_counter

import orjson
from sqlalchemy import Engine

from bench._following import rss_mb
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine, writing
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import Sealer
from quarterdeck.trail.log.appender import open_log
from quarterdeck.trail.log.disclosure import Disclosure
from quarterdeck.trail.log.integrator import Integrator
from quarterdeck.trail.log.model import Prepared, Sealed
from quarterdeck.trail.log.opening import Trail, open_trail
from quarterdeck.trail.log.record import stamp
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.trail.projections.service.fielding import FieldProjector
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.projections.service.projector import Projector
from quarterdeck.trail.proof.tree import leaf_hash
from quarterdeck.trail.query.explorer import Explorer, open_explorer
from quarterdeck.trail.query.model import Filter, Question
from quarterdeck.trail.query.service import events

KEEP = os.environ.get("BENCH_KEEP", "")
EVENTS = int(os.environ.get("BENCH_EVENTS", "1000000"))
SECRETS = os.environ.get("BENCH_SECRETS", "2") != "0"
GROUP, ASKED, BEGAN = 1000, 300, 1_772_280_000_000_000
BOB = Actor("bob", frozenset({("trail:read", "*"), ("trail:disclose", "*")}))
EMAIL, ACCOUNT = "/payload/email", "/payload/account"
DIGEST = urlsafe_b64encode(sha256(b"").digest()).rstrip(b"=").decode()
FILLING = "x" * 380


def main() -> None:
    """Print a table for each database."""
    urls = {"SQLite and files": "", "PostgreSQL": os.environ.get("TEST_POSTGRES_URL", "")}
    for name, url in urls.items():
        if name == "PostgreSQL" and not url:
            print("PostgreSQL: skipped, TEST_POSTGRES_URL is not set")
            continue
        if KEEP and not url:
            Path(KEEP).mkdir(parents=True, exist_ok=True)
            _table(name, f"sqlite:///{KEEP}/db", Path(KEEP))
            continue
        with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
            _table(name, url or f"sqlite:///{folder}/db", Path(folder))


def _table(name: str, url: str, folder: Path) -> None:
    print(f"{name}, {EVENTS:,} events")
    engine, built = open_engine(url), folder / "built"
    if not built.exists():
        metadata.drop_all(engine)
        metadata.create_all(engine)
    keys, trail = KeyStore(folder / "keys"), open_trail(engine, folder / "trail", lasting=True)
    if not built.exists():
        _append(engine, keys, trail)
    explorer = open_explorer(engine, folder / "read", Fields(engine, keys, trail.reader))
    if not built.exists():
        _project(engine, explorer)
        built.touch()
    _ask(engine, explorer)
    print(f"  {'RSS':<28}{rss_mb(os.getpid()):>12,.0f} MB")
    trail.close()
    engine.dispose()


def _append(engine: Engine, keys: KeyStore, trail: Trail) -> None:
    with writing(engine) as db:
        open_log(db, keys, "acme")
    sealing = Sealing(engine, keys)
    integrator = Integrator(
        engine=engine,
        keys=keys,
        checkpoints=SqlCheckpointStore(engine),
        clock=utc_now,
        reader=trail.reader,
        tiles=trail.tiles,
    )
    began = perf_counter()
    for start in range(0, EVENTS, GROUP):
        trail.sequencer.append(list(_drafts(start, sealing)))
        if start % (50 * GROUP) == 0:
            integrator.integrate()
    integrator.integrate()
    _line("appended and signed", perf_counter() - began)


def _project(engine: Engine, explorer: Explorer) -> None:
    projector = Projector(engine=engine, read=explorer.read, reader=explorer.reader)
    began = perf_counter()
    projector.beat()
    while projector.beat():
        pass
    _line("read models caught up", perf_counter() - began)
    fielding = FieldProjector(engine=engine, read=explorer.read, fields=explorer.fields)
    began = perf_counter()
    while fielding.beat():
        pass
    _line("that of fields caught up", perf_counter() - began)


def _line(what: str, took_s: float) -> None:
    print(f"  {what:<28}{EVENTS / took_s:>12,.0f} /s  in {took_s:,.1f} s")


class Sealing:
    """Commits to two fields of each event, under the key of its actor."""

    def __init__(self, engine: Engine, keys: KeyStore) -> None:
        self._origin = keys.of("acme").origin
        self._keys: list[tuple[str, Sealer]] = []
        for start in range(0, 5000, 500):
            subjects = [f"user:user-{number}" for number in range(start, start + 500)]
            with writing(engine) as db:
                made = data_keys.data_keys(db, keys, "acme", subjects, utc_now())
            self._keys += [(made[one].id, Sealer(made[one].secret)) for one in subjects]

    def sealed(self, record: str, actor: int, account: int) -> tuple[Sealed, ...]:
        key, sealer = self._keys[actor]
        return tuple(
            Sealed(path, key, self._one(sealer, record, path, value))
            for path, value in ((EMAIL, f"user-{actor}@example.com"), (ACCOUNT, account))
        )

    def _one(self, sealer: Sealer, record: str, path: str, value: str | int) -> bytes:
        text = Disclosure.make(path, value, os.urandom(16)).text.encode()
        return sealer.seal(text, "acme", self._origin, record, path, nonce=os.urandom(12))


def _drafts(start: int, sealing: Sealing) -> Iterator[Prepared]:
    chance = Random(start)  # noqa: S311  not for secrets
    for number in range(start, start + GROUP):
        at = BEGAN + number * 1000
        entry = orjson.dumps(_members(number, at, chance), option=orjson.OPT_SORT_KEYS)
        actor, account = chance.randrange(5000), chance.randrange(200_000)
        yield Prepared(
            log="acme",
            record=f"r{number}",
            entry=entry,
            hash=leaf_hash(entry),
            moment=at,
            tag=sha256(b"%d" % number).digest(),
            disclosures=sealing.sealed(f"r{number}", actor, account) if SECRETS else (),
        )


def _members(number: int, at: int, chance: Random) -> dict[str, object]:
    outcome = chance.choices(("success", "failure", "denied"), (96, 3, 1))[0]
    kind = chance.choice(("order", "invoice", "user", "file"))
    return {
        "action": f"{kind}s:{chance.randrange(10)}",
        "actor": {"id": f"user-{chance.randrange(5000)}", "type": "user"},
        "changes": None,
        "classification": {"/payload/name": "secret.pi"} if number % 50 == 0 else {},
        "correlation": {"causation": None, "request": f"req-{number // 3}", "trace": None},
        "decision": None,
        "id": f"r{number}",
        "idempotency": DIGEST,
        "occurred_at": stamp(at - chance.randrange(2_000_000)),
        "outcome": outcome,
        "payload": orjson.dumps({"note": FILLING, "number": number}).decode(),
        "policy": DIGEST,
        "received_at": stamp(at),
        "resource": {"id": f"{kind}-{chance.randrange(200_000)}", "type": kind},
        "schema": 1,
        "sd": [],
        "source": "bench",
        "source_seq": number,
        "tenant": "acme",
    }


def _ask(engine: Engine, explorer: Explorer) -> None:
    chance = Random(7)  # noqa: S311  not for secrets
    print(f"  {'filter, pages of 50':<28}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}  read model p95")
    for name in _questions(chance):
        both = [_timed(engine, explorer, _questions(chance)[name]) for _ in range(ASKED)]
        whole, rows = sorted(one for one, _ in both), sorted(one for _, one in both)
        p50, p95, p99 = (whole[int(ASKED * part)] for part in (0.5, 0.95, 0.99))
        print(f"  {name:<28}{p50:>9.2f}{p95:>9.2f}{p99:>9.2f}{rows[int(ASKED * 0.95)]:>16.2f}")


def _timed(engine: Engine, explorer: Explorer, asked: Question) -> tuple[float, float]:
    explorer.cache.clear()
    began = perf_counter()
    opened = begin if asked.fields else read  # a search by fields leaves a record
    with opened(engine, BOB, utc_now) as work:
        events(work, explorer, asked)
    took = (perf_counter() - began) * 1000
    timings = explorer.watch.timings()
    return took, next(one.last_ms for one in timings if one.shape == asked.shape)


def _questions(chance: Random) -> dict[str, Question]:
    filters = {name: Question(tenant="acme", wanted=one) for name, one in _filters(chance).items()}
    return filters | (_committed(chance) if SECRETS else {})


def _filters(chance: Random) -> dict[str, Filter]:
    since = BEGAN + chance.randrange(EVENTS) * 1000
    kind = chance.choice(("order", "invoice", "user", "file"))
    action, actor = f"{kind}s:{chance.randrange(10)}", f"user-{chance.randrange(5000)}"
    return {
        "newest": Filter(),
        "time": Filter(since=since, until=since + 60_000_000),
        "actor": Filter(actor=actor),
        "action": Filter(action=action),
        "resource": Filter(resource=f"{kind}-{chance.randrange(200_000)}"),
        "type": Filter(type=kind),
        "outcome denied": Filter(outcome="denied"),
        "outcome success": Filter(outcome="success"),
        "class": Filter(cls="secret.pi"),
        "correlation": Filter(correlation=f"req-{chance.randrange(EVENTS) // 3}"),
        "actor and action": Filter(actor=actor, action=action),
        "action and denied": Filter(action=action, outcome="denied"),
        "actor, action, denied": Filter(actor=actor, action=action, outcome="denied"),
    }


def _committed(chance: Random) -> dict[str, Question]:
    email = (EMAIL, f"user-{chance.randrange(5000)}@example.com")
    account = (ACCOUNT, str(chance.randrange(200_000)))
    asked = {"of 1 in 5,000": (email,), "of 1 in 200,000": (account,), "both": (email, account)}
    return {f"field {name}": Question(tenant="acme", fields=f) for name, f in asked.items()}


if __name__ == "__main__":
    main()
