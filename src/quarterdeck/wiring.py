"""Settings to adapters: the only module that names them all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from socket import socket
from threading import Event, Thread
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from quarterdeck.access.authentication.ports import IdentityProvider
from quarterdeck.access.authentication.service import Authenticator
from quarterdeck.access.principals.model import installation as itself
from quarterdeck.access.refusals import service as refusals
from quarterdeck.access.tokens import service as tokens
from quarterdeck.governance.connections.service import azure_check
from quarterdeck.governance.sync.jobs import kinds as sync_kinds
from quarterdeck.governance.sync.model import Policies, policies
from quarterdeck.governance.sync.onboarding import reschedule
from quarterdeck.governance.sync.service.freshness import evaluate_freshness
from quarterdeck.kernel import beats, schedules
from quarterdeck.kernel.checks import database_check, disk_check
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import (
    open_engine,
    reading,
    sqlite_is_safe_across_processes,
    sqlite_version,
    writing,
)
from quarterdeck.kernel.health import Check, Entry
from quarterdeck.kernel.installation import DatabaseLost, Installation, write_private
from quarterdeck.kernel.settings import Configured, Settings
from quarterdeck.kernel.supervise import end_with_supervisor, say_ready
from quarterdeck.kernel.telemetry import log_to_stderr, watch_statements
from quarterdeck.kernel.work import begin
from quarterdeck.migrations import revision
from quarterdeck.runtime import Runtime
from quarterdeck.trail.ingest import service as ingest
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.condition import log_health
from quarterdeck.trail.log.integrator import integrate
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.worker import upkeep
from quarterdeck.worker.process import Duties, work
from quarterdeck.worker.pulse import Pulse

if TYPE_CHECKING:
    from quarterdeck.providers.azure.clouds import AzureClouds

INTEGRATE_S, REFUSALS_S, FRESHNESS_S, USES_S = 0.25, 10.0, 1.0, 60.0


def migrate(configured: Configured, installation: Installation) -> bool:
    """Bring the database up to date, and let the first admin in; False if it was up to date."""
    from quarterdeck.migrations import runner  # noqa: PLC0415  0.4 s and 15 MB, here alone

    settings = _opened(configured.settings, installation)
    _refuse_lost(settings, installation)
    engine = _engine(settings)
    changed = runner.migrate(engine, installation.backups)
    first = _first_admin(engine, installation)
    both = engine.dialect.name != "sqlite" or sqlite_is_safe_across_processes(sqlite_version())
    say_ready(two_processes=both, first_token=str(first or ""))
    return changed


def serve(
    role: str, configured: Configured, installation: Installation, descriptor: int | None
) -> None:
    """Run ``web``, ``worker`` or ``all`` until told to stop."""
    end_with_supervisor()
    settings = _opened(configured.settings, installation)
    runtime = build_runtime(settings, installation)
    revision.check(runtime.engine)
    stopping = Event()
    if role == "worker":
        _work_alone(runtime, stopping)
        return
    beside = Thread(target=_work, args=[runtime, stopping], name="worker")
    if role == "all":
        beside.start()
    _answer(runtime, configured, descriptor, stopping)
    if role == "all":
        beside.join()


def simulate(ready: Callable[[str], None], **said: object) -> None:
    """Run a simulated cloud until told to stop; ``said`` are the fields of its options."""
    from quarterdeck.providers.simulator import server  # noqa: PLC0415  only here: 20 MB
    from quarterdeck.providers.simulator.options import SimulatorOptions  # noqa: PLC0415

    server.run(SimulatorOptions(**said), ready)  # type: ignore[arg-type]  # it checks each itself


def build_runtime(settings: Settings, installation: Installation) -> Runtime:
    """An installation over its adapters."""
    engine = _engine(settings)
    idle = timedelta(hours=settings.session_hours)
    return Runtime(
        settings=settings,
        engine=engine,
        clock=utc_now,
        access=Authenticator(engine, utc_now, idle=idle),
        keys=KeyStore(installation.keys),
        checks=_checks(engine, installation),
        provider=_provider(settings),
    )


def _opened(settings: Settings, installation: Installation) -> Settings:
    """With what was left out filled in: the database, the secret."""
    installation.prepare()
    log_to_stderr(settings.log_level, settings.log_format)
    return replace(
        settings,
        data=str(installation.root),
        database=settings.database or installation.database_url,
        secret=settings.secret or installation.secret(),
    )


def _refuse_lost(settings: Settings, installation: Installation) -> None:
    """Begin no second history under the keys of a first one."""
    ours = settings.database == installation.database_url
    if ours and not installation.database.exists() and KeyStore(installation.keys).tenants():
        raise DatabaseLost(
            f"{installation.database} is gone, but keys of its logs are here: put it back "
            "(from backups/, or from your own backup), or give --data an empty folder"
        )


def _engine(settings: Settings) -> Engine:
    threshold = None if settings.prepare_threshold < 0 else settings.prepare_threshold
    engine = open_engine(
        settings.database, pool_size=settings.pool_size, prepare_threshold=threshold
    )
    watch_statements(engine, settings.slow_query_ms)
    return engine


def _first_admin(engine: Engine, installation: Installation) -> Path | None:
    """Where the first admin's token waits; None if an admin has been let in already."""
    try:
        with begin(engine, itself(), utc_now) as work:
            issued = tokens.bootstrap(work)
            # Before the commit: a token that nobody can read would let nobody in.
            write_private(installation.first_token, issued.secret + "\n")
    except tokens.AdminExists:
        return None
    return installation.first_token


def _clouds(settings: Settings) -> AzureClouds:
    # Whoever only answers asks no cloud: 0.7 s and 25 MB.
    from quarterdeck.providers.azure.clouds import AzureClouds  # noqa: PLC0415
    from quarterdeck.providers.azure.options import AzureOptions  # noqa: PLC0415

    options = AzureOptions(
        endpoint=settings.azure_endpoint,
        authority=settings.azure_authority,
        ca_file=Path(settings.azure_ca) if settings.azure_ca else None,
        client=settings.azure_client_id,
        secret=settings.azure_client_secret,
    )
    return AzureClouds(options, utc_now, os.environ)


def _provider(settings: Settings) -> IdentityProvider | None:
    if not settings.oidc_issuer:
        return None
    from quarterdeck.providers.oidc.provider import OidcProvider  # noqa: PLC0415  where it is set

    client = (settings.oidc_client_id, settings.oidc_client_secret)
    return OidcProvider(settings.oidc_issuer, *client, utc_now)


def _policies(settings: Settings) -> Policies:
    return policies(timedelta(seconds=settings.sync_resources_s))


def _checks(engine: Engine, installation: Installation) -> Mapping[str, Check]:
    return {
        "database": database_check(engine),
        "scheduler": partial(_worker_health, engine),
        "disk": disk_check(installation.root),
        "trail": partial(log_health, engine, utc_now),
        "azure": azure_check(engine),
    }


def _worker_health(engine: Engine) -> Entry:
    with reading(engine) as db:
        return beats.judge(db, "worker")


def _work_alone(runtime: Runtime, stopping: Event) -> None:
    from quarterdeck.web.server import stop_on_signals  # noqa: PLC0415  it brings the server along

    stop_on_signals(stopping)
    say_ready()
    _work(runtime, stopping)


def _work(runtime: Runtime, stopping: Event) -> None:
    engine, clock, keys = runtime.engine, runtime.clock, runtime.keys
    clouds, trail = _clouds(runtime.settings), ingest.subscriber(keys)
    checkpoints = SqlCheckpointStore(engine)
    kinds = [*sync_kinds(clouds.open), upkeep.upkeep([trail.name])]
    duties = Duties(
        kinds={kind.name: kind for kind in kinds},
        subscribers=[trail],
        pulses={
            "integrate": (INTEGRATE_S, partial(integrate, engine, keys, checkpoints, clock)),
            "refusals": (REFUSALS_S, partial(refusals.flush, engine, clock)),
        },
    )
    reschedule(engine, clock, _policies(runtime.settings))
    with writing(engine) as db:
        schedules.put(db, clock(), upkeep.SCHEDULE)
    with closing(clouds):
        work(engine, clock, runtime.settings, duties, stopping)


def _answer(
    runtime: Runtime, configured: Configured, descriptor: int | None, stopping: Event
) -> None:
    # A worker never answers: it need not carry the 40 MB that answering takes.
    from quarterdeck.api.app import build_app  # noqa: PLC0415
    from quarterdeck.console import app as console  # noqa: PLC0415
    from quarterdeck.kernel.listening import listen  # noqa: PLC0415
    from quarterdeck.web.server import Serving, run  # noqa: PLC0415

    settings = runtime.settings
    listening = (
        listen(settings.host, settings.port) if descriptor is None else socket(fileno=descriptor)
    )
    app = build_app(runtime)
    app.state.stopping = stopping
    console.install(app, configured.sources)
    for pulse in _clocks(runtime, stopping):
        pulse.start()
    run(app, Serving(settings=settings, listening=listening, stopping=stopping, ready=say_ready))
    stopping.set()
    runtime.access.write_uses()


def _clocks(runtime: Runtime, stopping: Event) -> list[Pulse]:
    """What must be seen also when every worker is dead."""
    known = _policies(runtime.settings)
    stale = partial(evaluate_freshness, runtime.engine, runtime.clock, known)
    return [
        Pulse(name="freshness", every_s=FRESHNESS_S, beat=stale, stop=stopping),
        Pulse(name="uses", every_s=USES_S, beat=runtime.access.write_uses, stop=stopping),
    ]
