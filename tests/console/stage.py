"""A whole installation to look at: clouds that do as told, a worker, a log, the console.

Nothing runs by itself: ``settle`` does what worker and integrator would.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine

from governance.estate import FakeCloud
from quarterdeck.access.authentication.ports import IdentityProvider
from quarterdeck.access.authentication.service import Authenticator
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import UNSCOPED, Kind, Scope, installation
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.api.app import build_app
from quarterdeck.console.app import install
from quarterdeck.governance.cloud.ports import Cloud, Pause
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.exports import service as exports
from quarterdeck.governance.exports.jobs import kinds as export_kinds
from quarterdeck.governance.exports.service import NewExport
from quarterdeck.governance.sync.jobs import kinds
from quarterdeck.governance.sync.model import policies
from quarterdeck.governance.sync.onboarding import connect_tenant
from quarterdeck.governance.sync.service.freshness import evaluate_freshness
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.settings import Settings, Source
from quarterdeck.kernel.work import begin
from quarterdeck.operations.channels.model.channel import Kind as Way
from quarterdeck.operations.messages.ports import Outlet, Parcel
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.sealing.safe import KeySafe
from quarterdeck.runtime import Runtime
from quarterdeck.trail.export.jobs import Press, export_kind
from quarterdeck.trail.export.selection import Source as ExportSource
from quarterdeck.trail.ingest.service import subscriber
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.integrator import Integrator
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Kind as PolicyKind
from quarterdeck.trail.projections.model import Name
from quarterdeck.trail.projections.service.fielding import FieldProjector
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.projections.service.projector import Projector
from quarterdeck.trail.query.explorer import open_explorer
from quarterdeck.trail.segments.model import Sealing
from quarterdeck.trail.segments.sealing import Sealer
from quarterdeck.trail.segments.storage.files import FileSegments
from quarterdeck.trail.webhooks.model import Answer, Headers
from quarterdeck.worker.delivery import deliver_all
from quarterdeck.worker.loop import Worker

KNOWN = policies(timedelta(hours=1))
SECRET = "of-the-tests-and-32-bytes-or-longer"


class Taking:
    """A receiver of webhooks that takes everything."""

    def send(self, _url: str, _headers: Headers, _body: bytes) -> Answer:
        return Answer(status=204)


class TakingAll:
    """A carrier that takes everything."""

    def carry(self, _parcel: Parcel) -> Reply:
        return Reply(receipt="r-1")


@dataclass
class Stage:
    """An installation, moved by hand.

    Its time begins in the past: jobs are due by the database's clock, which waits for nobody.
    """

    engine: Engine
    folder: Path
    demo: bool = False
    provider: IdentityProvider | None = None
    kms: str = ""
    base_url: str = ""
    ahead: timedelta = timedelta(days=-2)
    clouds: dict[str, FakeCloud] = field(default_factory=dict)
    workers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.trail = open_trail(self.engine, self.folder / "trail", lasting=True)
        self.integrator = Integrator(
            engine=self.engine,
            keys=KeyStore(self.folder / "keys"),
            checkpoints=SqlCheckpointStore(self.engine),
            clock=self.clock,
            reader=self.trail.reader,
            tiles=self.trail.tiles,
        )
        reader = self.trail.reader
        fields = Fields(self.engine, KeyStore(self.folder / "keys"), reader)
        self.explorer = open_explorer(self.engine, self.folder / "read", fields, search=True)
        names = [name for name in self.explorer.names if name != Name.FIELDS]
        self.fielding = FieldProjector(engine=self.engine, read=self.explorer.read, fields=fields)
        self.projector = Projector(
            engine=self.engine, read=self.explorer.read, reader=reader, names=names
        )

    def clock(self) -> datetime:
        return utc_now() + self.ahead

    def pass_time(self, **span: float) -> None:
        self.ahead += timedelta(**span)

    def app(self) -> FastAPI:
        app = build_app(self.runtime())
        install(app, dict.fromkeys(Settings.__dataclass_fields__, Source.DEFAULT))
        return app

    def runtime(self) -> Runtime:
        issuer = "https://id.example" if self.provider else ""
        return Runtime(
            settings=Settings(
                secret=SECRET,
                heartbeat_s=0.3,
                rate_limit_per_s=10_000,
                rate_limit_burst=100_000,
                demo=self.demo,
                data=str(self.folder),
                kms=self.kms,
                base_url=self.base_url,
                oidc_issuer=issuer,
                oidc_client_id="console" if issuer else "",
            ),
            engine=self.engine,
            clock=self.clock,
            access=Authenticator(self.engine, self.clock),
            keys=KeyStore(self.folder / "keys"),
            reader=self.trail.reader,
            removal=self.trail.removal,
            sequencer=self.trail.sequencer,
            explorer=self.explorer,
            metrics=open_metrics(self.engine, self.folder / "series"),
            worm=FileSegments(self.folder / "worm"),
            exports=self.folder / "trail-exports",
            webhooks=Taking(),
            outlet=Outlet(
                carriers=dict.fromkeys(Way, TakingAll()),
                safe=KeySafe(KeyStore(self.folder / "keys")),
            ),
            checks={},
            provider=self.provider,
        )

    def open(self, connection: Connection, _pause: Pause = sleep, /) -> Cloud:
        return self.clouds[connection.directory]

    def connect(self, directory: str, name: str, *resources: bytes) -> None:
        """A tenant whose cloud has these resources; not synced yet."""
        self.clouds[directory] = FakeCloud(pages={"s1": [list(resources)]})
        with begin(self.engine, installation(), self.clock) as work:
            new = NewConnection(directory=directory, name=name, client="app", secret="env:X")
            connect_tenant(work, KNOWN, new, owner=f"team {name}")

    def sync(self) -> None:
        """Ask for a sync of everything, and run it."""
        with begin(self.engine, installation(), self.clock) as work:
            for domain in KNOWN:
                request_sync(work, KNOWN, domain)
        self.work()
        self.settle()

    def work(self) -> None:
        """One round of a worker: what is due now, to its end."""
        worker = self.worker()
        with ThreadPoolExecutor(4) as pool:
            worker.turn(pool)
        worker.stop.set()
        worker.run()

    def worker(self) -> Worker:
        return Worker(
            name=f"worker-{next(self.workers)}",
            engine=self.engine,
            clock=self.clock,
            kinds={
                kind.name: kind
                for kind in [
                    *kinds(self.open),
                    *export_kinds(self.folder / "exports", ("owner",)),
                    export_kind(self._press()),
                ]
            },
            threads=16,
            lease=timedelta(seconds=15),
        )

    def _press(self) -> Press:
        keys = KeyStore(self.folder / "keys")
        source = ExportSource(engine=self.engine, reader=self.trail.reader, keys=keys)
        return Press(source=source, folder=self.folder / "trail-exports")

    def seal(self) -> None:
        """Make a segment of what is signed of each log."""
        Sealer(
            engine=self.engine,
            keys=KeyStore(self.folder / "keys"),
            reader=self.trail.reader,
            store=FileSegments(self.folder / "worm"),
            clock=self.clock,
            sealing=Sealing(age=timedelta(0)),
        ).beat()

    def export(self, tenant: str, name: str = "all") -> tuple[str, str]:
        """An export of a tenant's resources, and the file that it wrote: their ids."""
        new = NewExport(tenant=tenant, name=name, what="resources", wanted={})
        with begin(self.engine, installation(), self.clock) as work:
            made = exports.schedule(work, new)
            job = exports.run_now(work, made.id)
        self.work()
        return made.id, job

    def classify(self, tenant: str) -> None:
        """Give a tenant a classification of its own."""
        rules = [{"path": "/payload/amount", "class": "public"}]
        with begin(self.engine, installation(), self.clock) as work:
            policy.put(work, tenant, PolicyKind.CLASSIFICATION, {"rules": rules})

    def settle(self) -> None:
        """Deliver what happened to the trail, sign the logs, and look at the ages."""
        evaluate_freshness(self.engine, self.clock, KNOWN)
        self.deliver()
        self.integrator.integrate()
        self.projector.beat()
        while self.fielding.beat():
            pass
        while self.projector.beat():
            pass

    def deliver(self) -> None:
        """Deliver what happened to the trail."""
        to = subscriber(self.engine, KeyStore(self.folder / "keys"), self.trail.sequencer)
        while deliver_all(self.engine, self.clock, [to]):
            pass

    def told_since(self, before: Mapping[str, int]) -> Iterator[dict[str, Any]]:
        """The records that came since the logs had these sizes."""
        reader = self.trail.reader
        for log, size in reader.sizes().items():
            start = before.get(log, 0)
            for entry in reader.entries(log, start, size - start):
                yield json.loads(entry)

    def token(
        self,
        role: str = "admin",
        tenant: str = "_platform",
        home: str = "_platform",
        scope: Scope = UNSCOPED,
    ) -> str:
        """The secret of a new person who holds a role."""
        with begin(self.engine, installation(), self.clock) as work:
            person = principals.create(work, Kind.PERSON, f"Ada {next(self.workers)}", home=home)
            principals.grant(work, person.id, role, tenant)
            wanted = Wanted(
                principal=person.id,
                name="a first look",
                expires_at=work.now + timedelta(hours=20),
                scope=scope,
                single_use=True,
            )
            return tokens.create(work, wanted).secret


def resource(name: str, kind: str = "Microsoft.Web/sites", **more: object) -> bytes:
    """A resource as Azure sends it."""
    path = f"/subscriptions/s1/resourceGroups/rg/providers/{kind}/{name}"
    fields = {"id": path, "name": name, "type": kind, "location": "westeurope", **more}
    return json.dumps(fields).encode()
