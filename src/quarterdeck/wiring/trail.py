"""The trail: where logs are kept, who hears of them, and what looks after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.health import Check, Entry
from quarterdeck.kernel.installation import Installation
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.settings import Settings
from quarterdeck.providers.webhook.sender import HttpSender
from quarterdeck.providers.witness.client import HttpWitness
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.local import LocalTopic
from quarterdeck.trail.deliveries.ports import Consumer, Topic
from quarterdeck.trail.deliveries.trials import Environment
from quarterdeck.trail.erasure.jobs import kind as erasure_kind
from quarterdeck.trail.erasure.service.erasing import Ground as ErasureGround
from quarterdeck.trail.export.jobs import Press
from quarterdeck.trail.export.selection import Source
from quarterdeck.trail.integrity.watch import Watcher
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.rotation import key_age
from quarterdeck.trail.log.condition import tenants_with_logs
from quarterdeck.trail.log.opening import Trail
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.projections.model import Name
from quarterdeck.trail.projections.service.fielding import FieldProjector
from quarterdeck.trail.projections.service.projector import Projector
from quarterdeck.trail.projections.service.standing import projection_health, standings
from quarterdeck.trail.query.explorer import Explorer
from quarterdeck.trail.query.problems import query_health
from quarterdeck.trail.retention.jobs import Purging, daily_kind
from quarterdeck.trail.retention.service.clearing import Clearing
from quarterdeck.trail.retention.service.planning import Ground as PurgeGround
from quarterdeck.trail.retention.service.watching import RECORDS, SEGMENTS, ComplianceWatch
from quarterdeck.trail.segments.model import Retention, Sealing
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.sealing import Sealer
from quarterdeck.trail.segments.storage.files import FileSegments
from quarterdeck.trail.webhooks.ports import Sender
from quarterdeck.trail.webhooks.service.sending import Sending
from quarterdeck.trail.webhooks.service.sending import consumer as webhook_consumer
from quarterdeck.trail.witnesses.service import Asking
from quarterdeck.worker.pulse import Beat, Pulses

if TYPE_CHECKING:
    pass


PROJECT_S, PATIENCE_S = 0.5, 5.0
SEAL_S = 30.0
WATCH_S = 60.0
CLEAR_S = 3600.0
WITNESS_S = 5.0


def segment_store(settings: Settings, installation: Installation) -> SegmentStore:
    """Where segments are kept: a bucket that locks them, or a folder of read-only files."""
    if not settings.worm.startswith("s3://"):
        return FileSegments(Path(settings.worm) if settings.worm else installation.worm)
    from quarterdeck.providers.objectstore.s3 import (  # noqa: PLC0415  an extra, where it is set
        S3Options,
        S3Segments,
    )

    options = S3Options(url=settings.worm, endpoint=settings.worm_endpoint, ca=settings.worm_ca)
    return S3Segments(options)


def known_witnesses(settings: Settings) -> Sequence[HttpWitness]:
    """Those who cosign checkpoints."""
    named = [one.partition("=http") for one in settings.witnesses.split(",") if one.strip()]
    return [HttpWitness(vkey.strip(), f"http{url}") for vkey, _, url in named]


def signing_keys_health(engine: Engine, keys: KeyStore) -> Entry:
    """How old signing keys are."""
    return key_age(keys.anew(), tenants_with_logs(engine), utc_now)


def explorer_checks(engine: Engine, trail: Trail, explorer: Explorer) -> dict[str, Check]:
    """How projections and queries do."""

    def projections() -> Entry:
        names = explorer.names
        found = standings(engine, explorer.read, trail.reader, utc_now, names)
        return projection_health(found, trail.reader)

    return {"projections": projections, "query": partial(query_health, explorer)}


def open_topic(settings: Settings, reader: Reader) -> Topic:
    """What carries appended records to their consumers."""
    if not settings.nats_url:
        return LocalTopic(reader)
    from quarterdeck.providers.nats.topic import NatsTopic  # noqa: PLC0415  where it is set

    keep = timedelta(seconds=settings.message_ttl_s)
    return NatsTopic(settings.nats_url, reader, keep)


def known_sandboxes(settings: Settings) -> Mapping[str, Environment]:
    """Where dead letters may be tried."""
    if not settings.sandboxes:
        return {}
    from quarterdeck.providers.sandbox.client import sandboxes  # noqa: PLC0415  where it is set

    return sandboxes(settings.sandboxes, settings.sandbox_tokens)


def consumers_of(engine: Engine, explorer: Explorer) -> Sequence[Consumer]:
    """Who hears of every appended record."""
    projector = Projector(engine=engine, read=explorer.read, reader=explorer.reader)
    return [
        webhook_consumer(),
        Consumer(
            name="projection-worker",
            queue="projection-queue",
            apply=projector.apply,
            engine=None if explorer.read is engine else explorer.read,
        ),
    ]


def webhook_sender(settings: Settings) -> HttpSender:
    """Sends webhooks, where they may go."""
    return HttpSender(settings.webhook_networks)


def webhook_sending(runtime: Runtime, sender: Sender) -> Sending:
    """Sends webhooks."""
    return Sending(
        engine=runtime.engine,
        reader=runtime.reader,
        keys=runtime.keys,
        sender=sender,
        clock=runtime.clock,
    )


def export_press(runtime: Runtime) -> Press:
    """Where exports are made."""
    source = Source(engine=runtime.engine, reader=runtime.reader, keys=runtime.keys)
    return Press(
        source=source,
        folder=runtime.exports or Path(runtime.settings.data) / "bundles",
        bytes_per_s=runtime.settings.export_bytes_per_s,
    )


def catching_up(runtime: Runtime, *, patience_s: float = PATIENCE_S) -> Pulses:
    """What the deliveries leave: what is behind, and the index of words, which may break alone."""
    explorer = runtime.explorer
    among = partial(Projector, engine=runtime.engine, read=explorer.read, reader=explorer.reader)
    late = among(patience_s=patience_s)
    pulses: dict[str, tuple[float, Beat]] = {"project": (PROJECT_S, late.beat)}
    if explorer.by_field:
        fields = FieldProjector(engine=runtime.engine, read=explorer.read, fields=explorer.fields)
        pulses["fields"] = (PROJECT_S, fields.beat)
    if explorer.search:
        pulses["search"] = (PROJECT_S, among(names=(Name.SEARCH,)).beat)
    return pulses


def integrity_pulses(runtime: Runtime) -> Pulses:
    """Sealing what is due, and checking a part of everything at each beat."""
    settings = runtime.settings
    if runtime.worm is None:
        return {}
    watcher = Watcher(
        engine=runtime.engine,
        keys=runtime.keys,
        reader=runtime.reader,
        clock=runtime.clock,
        store=runtime.worm,
        removal=runtime.removal,
    )
    sealer = Sealer(
        engine=runtime.engine,
        keys=runtime.keys,
        reader=runtime.reader,
        store=runtime.worm,
        clock=runtime.clock,
        sealing=Sealing(
            most=settings.segment_records,
            age=timedelta(seconds=settings.segment_age_s),
            retention=Retention(keep=timedelta(days=settings.worm_days)),
        ),
    )
    asking = Asking(
        engine=runtime.engine,
        reader=runtime.reader,
        clock=runtime.clock,
        witnesses=known_witnesses(settings),
    )
    clearing = Clearing(
        engine=runtime.engine, reader=runtime.reader, store=runtime.worm, clock=runtime.clock
    )
    return {
        "clear": (CLEAR_S, clearing.beat),
        "seal": (SEAL_S, sealer.beat),
        "watch": (WATCH_S, watcher.beat),
        "witness": (WITNESS_S, asking.beat),
    }


def regions(settings: Settings) -> Mapping[str, str]:
    """The region of each place where records stand; empty: no setting says."""
    bucket = settings.worm.startswith("s3://")
    segments = settings.worm_region or ("" if bucket else settings.region)
    return {RECORDS: settings.region, SEGMENTS: segments}


def compliance_pulses(runtime: Runtime) -> Pulses:
    """Checking that records stand as long, and where, as policy says."""
    checks = ComplianceWatch(
        engine=runtime.engine,
        ground=PurgeGround(reader=runtime.reader, removal=runtime.removal),
        clock=runtime.clock,
        stores=regions(runtime.settings),
    )
    return {"compliance": (WATCH_S, checks.beat)}


def keeping_kinds(runtime: Runtime) -> Sequence[JobKind]:
    """What purges and erases."""
    reader, removal, keys = runtime.reader, runtime.removal, runtime.keys
    purging = Purging(
        ground=PurgeGround(reader=reader, removal=removal),
        keys=keys,
        sequencer=runtime.sequencer,
        read=runtime.explorer.read,
        fields=runtime.explorer.fields,
    )
    erasing = ErasureGround(reader=reader, removal=removal, keys=keys, read=runtime.explorer.read)
    return purging.kind(), daily_kind(), erasure_kind(erasing)
