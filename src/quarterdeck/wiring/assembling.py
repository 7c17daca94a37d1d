"""An installation over its adapters: its settings, its engine, its checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from quarterdeck.access.authentication.service import Authenticator
from quarterdeck.access.principals.model import installation as itself
from quarterdeck.access.tokens import service as tokens
from quarterdeck.governance.connections.service import azure_check
from quarterdeck.kernel import beats
from quarterdeck.kernel.checks import database_check, disk_check
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import (
    open_engine,
    reading,
)
from quarterdeck.kernel.health import Check, CheckFailed, Entry, Health
from quarterdeck.kernel.installation import DatabaseLost, Installation, write_private
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.telemetry import log_to_stderr, watch_statements
from quarterdeck.kernel.timings import Timings
from quarterdeck.kernel.work import begin
from quarterdeck.migrations import revision
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.service.queries import deliveries_health
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.condition import log_health
from quarterdeck.trail.log.opening import Trail
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.query.explorer import open_explorer
from quarterdeck.trail.witnesses.service import quorum_health
from quarterdeck.wiring.clouds import identity_provider
from quarterdeck.wiring.kms import key_store
from quarterdeck.wiring.readiness import roles
from quarterdeck.wiring.telling import outlet
from quarterdeck.wiring.trail import (
    consumers_of,
    explorer_checks,
    known_sandboxes,
    known_witnesses,
    open_topic,
    segment_store,
    signing_keys_health,
    webhook_sender,
)

if TYPE_CHECKING:
    pass


def opened(settings: Settings, installation: Installation) -> Settings:
    """With what was left out filled in: the database, the secret."""
    installation.prepare()
    log_to_stderr(settings.log_level, settings.log_format)
    return replace(
        settings,
        data=str(installation.root),
        database=settings.database or installation.database_url,
        secret=settings.secret or installation.secret(),
    )


def refuse_lost(settings: Settings, installation: Installation) -> None:
    """Begin no second history under the keys of a first one."""
    ours = settings.database == installation.database_url
    if ours and not installation.database.exists() and KeyStore(installation.keys).tenants():
        raise DatabaseLost(
            f"{installation.database} is gone, but keys of its logs are here: put it back "
            "(from backups/, or from your own backup), or give --data an empty folder"
        )


def engine_of(settings: Settings) -> Engine:
    """The database, statements watched."""
    return watched_engine(settings)[0]


def watched_engine(settings: Settings) -> tuple[Engine, Timings]:
    """The database, and how long its last statements took."""
    threshold = None if settings.prepare_threshold < 0 else settings.prepare_threshold
    engine = open_engine(
        settings.database, pool_size=settings.pool_size, prepare_threshold=threshold
    )
    return engine, watch_statements(engine, settings.slow_query_ms)


def first_admin(engine: Engine, installation: Installation) -> Path | None:
    """Where the first admin's token waits; None if an admin has been let in already."""
    try:
        with begin(engine, itself(), utc_now) as work:
            issued = tokens.bootstrap(work)
            # Before the commit: a token that nobody can read would let nobody in.
            write_private(installation.first_token, issued.secret + "\n")
    except tokens.AdminExists:
        return None
    return installation.first_token


def default_policies(engine: Engine) -> None:
    """Write down what holds for every tenant, where nobody has said otherwise."""
    with begin(engine, itself(), utc_now) as work:
        policy.load_defaults(work)


def _checks(
    settings: Settings, engine: Engine, trail: Trail, installation: Installation
) -> Mapping[str, Check]:
    return {
        "database": database_check(engine),
        "schema": partial(revision.health, engine),
        "scheduler": partial(_jobs_health, engine, settings),
        "worker": partial(_role_health, engine, "worker"),
        "disk": disk_check(installation.root),
        "trail": partial(log_health, engine, trail.reader, utc_now),
        "azure": azure_check(engine),
        "deliveries": partial(
            deliveries_health, engine, trail.reader, utc_now, settings.dead_letter_limit
        ),
    }


def _jobs_health(engine: Engine, settings: Settings) -> Entry:
    """Where they are apart, who answers goes on without: pages and alerts need no job."""
    try:
        return _role_health(engine, settings.runs_jobs)
    except CheckFailed as failed:
        if not settings.jobs_apart:
            raise
        return Entry(status=Health.DEGRADED, description=str(failed))


def _role_health(engine: Engine, role: str) -> Entry:
    with reading(engine) as db:
        return beats.judge(db, role)


def build_runtime(
    settings: Settings, installation: Installation, engine: Engine, trail: Trail
) -> Runtime:
    """An installation over its adapters.

    Raises:
        KmsFailed: a KMS wraps its keys, and does not unwrap them now.
    """
    idle, keys = timedelta(hours=settings.session_hours), key_store(settings, installation)
    keys.open()
    explorer = open_explorer(
        engine,
        installation.read,
        Fields(engine, keys, trail.reader),
        search=settings.search,
        by_field=settings.field_search,
        slow_ms=settings.slow_query_ms,
    )
    sender = webhook_sender(settings)
    runtime = Runtime(
        settings=settings,
        engine=engine,
        clock=utc_now,
        access=Authenticator(engine, utc_now, idle=idle),
        keys=keys,
        reader=trail.reader,
        removal=trail.removal,
        sequencer=trail.sequencer,
        explorer=explorer,
        metrics=open_metrics(engine, installation.series),
        checks={
            **_checks(settings, engine, trail, installation),
            **explorer_checks(engine, trail, explorer),
            "signing keys": partial(signing_keys_health, engine, keys),
            "witnesses": partial(
                quorum_health, engine, known_witnesses(settings), settings.witness_quorum, utc_now
            ),
        },
        provider=identity_provider(settings),
        consumers=consumers_of(engine, explorer),
        sandboxes=known_sandboxes(settings),
        worm=segment_store(settings, installation),
        exports=installation.bundles,
        webhooks=sender,
        outlet=outlet(settings, keys, sender),
    )
    return replace(runtime, roles=roles(runtime, partial(open_topic, settings, trail.reader)))
