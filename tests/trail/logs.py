"""A log with records of one's choice, and the read models beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.work import Actor
from quarterdeck.trail.deliveries.ports import Consumer, Topic
from quarterdeck.trail.deliveries.service.consuming import Consuming
from quarterdeck.trail.deliveries.service.relaying import Relay
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.appender import open_log
from quarterdeck.trail.log.disclosure import base64url
from quarterdeck.trail.log.model import Prepared
from quarterdeck.trail.log.record import Class, Correlation, Outcome, Party, Record
from quarterdeck.trail.projections.model import Name
from quarterdeck.trail.projections.service.fielding import FieldProjector
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.projections.service.projector import Projector
from quarterdeck.trail.proof.tree import leaf_hash
from quarterdeck.trail.query.explorer import Explorer, open_explorer
from quarterdeck.trail.query.model import Filter, Question
from quarterdeck.trail.query.service import events
from trail.installation import NOON, Installation

DIGEST = base64url(sha256(b"").digest())
AUDITOR = Actor("rita", frozenset({("trail:read", "*"), ("metrics:read", "*")}))
MINUTE = timedelta(minutes=1)


def record(number: int, tenant: str = "acme", **said: Any) -> Record:  # noqa: ANN401  any field
    """A record like others but for what is ``said`` of it."""
    usual: dict[str, Any] = {
        "id": f"r{number}",
        "tenant": tenant,
        "source": "tests",
        "source_seq": number,
        "occurred_at": micros(NOON + number * MINUTE),
        "received_at": micros(NOON + number * MINUTE),
        "actor": Party("user", f"u{number % 3}"),
        "action": "orders:create",
        "resource": Party("order", f"o{number % 5}"),
        "outcome": Outcome.SUCCESS,
        "policy": DIGEST,
        "idempotency": base64url(sha256(f"{tenant}{number}".encode()).digest()),
        "payload": dumps({"number": number, "note": f"box {number}"}),
    }
    return Record(**usual | said)


def prepared(one: Record) -> Prepared:
    entry = one.encode()
    return Prepared(
        log=one.tenant,
        record=one.id,
        entry=entry,
        hash=leaf_hash(entry),
        moment=one.received_at,
        tag=sha256(one.idempotency.encode()).digest(),
    )


def raw(number: int, entry: bytes, tenant: str = "acme") -> Prepared:
    """An entry that is no record, or of a schema to come."""
    return Prepared(
        log=tenant,
        record=f"r{number}",
        entry=entry,
        hash=leaf_hash(entry),
        moment=micros(NOON),
        tag=sha256(b"raw %d" % number).digest(),
    )


@dataclass
class Logs:
    """Logs, and the read models of them."""

    installation: Installation
    search: bool = True
    shared: Explorer | None = None
    topic: Topic | None = None
    explorer: Explorer = field(init=False)
    projector: Projector = field(init=False)
    fielding: FieldProjector = field(init=False)

    def __post_init__(self) -> None:
        folder = self.installation.folder / "read"
        reader = self.installation.reader
        fields = Fields(self.engine, self.installation.keys, reader)
        self.explorer = self.shared or open_explorer(
            self.engine, folder, fields, search=self.search
        )
        names = [name for name in self.explorer.names if name != Name.FIELDS]
        self.projector = Projector(engine=self.engine, read=self.read, reader=reader, names=names)
        self.fielding = FieldProjector(
            engine=self.engine, read=self.read, fields=self.explorer.fields
        )

    @property
    def engine(self) -> Engine:
        return self.installation.engine

    @property
    def read(self) -> Engine:
        return self.explorer.read

    def append(self, *records: Record | Prepared) -> None:
        drafts = [one if isinstance(one, Prepared) else prepared(one) for one in records]
        with writing(self.engine) as db:
            for log in {one.log for one in drafts}:
                open_log(db, self.installation.keys, log)
        self.installation.trail.sequencer.append(drafts)

    def sign(self) -> None:
        self.installation.integrate()

    def project(self) -> None:
        """Until nothing is behind: by deliveries, where there is a topic, and by what is left."""
        if self.topic:
            self._deliver(self.topic)
        self.projector.beat()
        while self.projector.beat():
            pass
        while self.fielding.beat():
            pass

    def _deliver(self, topic: Topic) -> None:
        clock, reader = self.installation.clock, self.installation.reader
        own = None if self.read is self.engine else self.read
        to = Consumer(name="projector", queue="q", apply=self.projector.apply, engine=own)
        relay = Relay(engine=self.engine, reader=reader, topic=topic, clock=clock)
        consuming = Consuming(
            engine=self.engine,
            reader=reader,
            feed=topic.subscribe(to.name),
            consumer=to,
            clock=clock,
        )
        while relay.beat() or consuming.beat():
            pass
        relay.close()
        consuming.close()

    def ask(
        self,
        tenant: str = "acme",
        by: Actor = AUDITOR,
        limit: int = 50,
        **wanted: Any,  # noqa: ANN401  any filter
    ) -> list[int]:
        """Indices of what is found, in its order."""
        question = Question(tenant=tenant, wanted=Filter(**wanted), limit=limit)
        with self.installation.reading(by) as work:
            return [spot.index for spot, _ in events(work, self.explorer, question).records]

    def close(self) -> None:
        if self.read is not self.engine:
            self.read.dispose()


def opened(engine: Engine, folder: Path) -> Installation:
    return Installation(engine, KeyStore(folder / "keys"), folder)


def several(numbers: Sequence[int], tenant: str = "acme") -> list[Record]:
    return [record(number, tenant) for number in numbers]


def classified(number: int, **classes: Class) -> Record:
    paths = {f"/payload/{name}": cls for name, cls in classes.items()}
    return record(number, classification=paths)


def correlated(number: int, trace: str) -> Record:
    return record(number, correlation=Correlation(trace=trace, request=f"q{number}"))
