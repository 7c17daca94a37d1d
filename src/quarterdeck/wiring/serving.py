"""The roles of an installation, each run until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event, Thread

from quarterdeck.kernel.db import (
    sqlite_is_safe_across_processes,
    sqlite_version,
)
from quarterdeck.kernel.installation import Installation
from quarterdeck.kernel.restarts import FOLDER
from quarterdeck.kernel.settings import JOBS, Configured
from quarterdeck.kernel.supervise import end_with_supervisor, say_ready
from quarterdeck.kernel.telemetry import log_also_to
from quarterdeck.migrations import revision
from quarterdeck.operations.health.restarter import tell_restarts
from quarterdeck.operations.logs.files import LogFile
from quarterdeck.operations.logs.service import drop_old
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.model import RELAY
from quarterdeck.trail.keys import second
from quarterdeck.trail.log.opening import Trail, open_trail
from quarterdeck.wiring.assembling import (
    build_runtime,
    default_policies,
    engine_of,
    first_admin,
    opened,
    refuse_lost,
    watched_engine,
)
from quarterdeck.wiring.background import in_background
from quarterdeck.wiring.measuring import own_metrics
from quarterdeck.worker.pulse import Pulse

ANSWERING = ("web", "all")
DROP_S = 60.0
RESTARTS_S = 1.0


def migrate(configured: Configured, installation: Installation) -> bool:
    """Bring the database up to date, and let the first admin in; False if it was up to date."""
    from quarterdeck.migrations import runner  # noqa: PLC0415  0.4 s and 15 MB, here alone

    settings = opened(configured.settings, installation)
    refuse_lost(settings, installation)
    engine = engine_of(settings)
    changed = runner.migrate(engine, installation.backups)
    first = first_admin(engine, installation)
    default_policies(engine)
    both = engine.dialect.name != "sqlite" or sqlite_is_safe_across_processes(sqlite_version())
    say_ready(two_processes=both, first_token=str(first or ""))
    return changed


def serve(
    role: str, configured: Configured, installation: Installation, descriptor: int | None
) -> None:
    """Run one role, or ``all``, until told to stop."""
    end_with_supervisor()
    settings = opened(configured.settings, installation)
    if role == "all":  # whatever the roles of others are told, it has none beside it
        settings = replace(settings, jobs_apart=False)
    if settings.checkpoint_ml_dsa:
        second.check_supported()
    log_also_to(LogFile(installation.root / "logs", role), role)
    engine, statements = watched_engine(settings)
    revision.check(engine)
    # Who answers appends by itself: it is asked to a thousand times as often as a worker.
    lasting = role in ANSWERING
    with closing(open_trail(engine, installation.trail, lasting=lasting)) as trail:
        runtime = build_runtime(settings, installation, engine, trail)
        runtime = replace(runtime, statements=statements)
        _serve(role, runtime, trail, configured, descriptor)


def _serve(
    role: str, runtime: Runtime, trail: Trail, configured: Configured, descriptor: int | None
) -> None:
    stopping = Event()
    beside = [
        own_metrics(runtime, role, stopping),
        _log_dropping(runtime, stopping),
        _restarts_telling(runtime, stopping),
    ]
    for pulse in beside:
        pulse.start()
    try:
        _play(role, runtime, trail, configured, descriptor, stopping)
    finally:
        stopping.set()
        for pulse in beside:
            pulse.join(runtime.settings.stop_grace_s)


def _log_dropping(runtime: Runtime, stopping: Event) -> Pulse:
    # Every process, for each may be the only one of its machine.
    drop = partial(
        drop_old,
        runtime.engine,
        runtime.clock,
        Path(runtime.settings.data) / "logs",
        runtime.settings.log_kept_mb,
    )
    return Pulse(name="logs", every_s=DROP_S, beat=drop, stop=stopping)


def _restarts_telling(runtime: Runtime, stopping: Event) -> Pulse:
    # Every process, for the others may be the ones that die.
    folder = Path(runtime.settings.data) / FOLDER
    tell = partial(tell_restarts, runtime.engine, runtime.clock, folder)
    return Pulse(name="restarts", every_s=RESTARTS_S, beat=tell, stop=stopping)


def _play(
    role: str,
    runtime: Runtime,
    trail: Trail,
    configured: Configured,
    descriptor: int | None,
    stopping: Event,
) -> None:
    if role not in ANSWERING:
        with in_background(runtime, role, stopping):
            _do(role)(runtime, trail, stopping)
        return
    from quarterdeck.wiring.answering import answer  # noqa: PLC0415  as in _do

    if role == "web":
        answer(runtime, configured, descriptor, stopping)
        return
    beside = Thread(target=_do("worker"), args=[runtime, trail, stopping], name="worker")
    beside.start()
    answer(runtime, configured, descriptor, stopping)
    beside.join()


def _do(role: str) -> Callable[[Runtime, Trail, Event], None]:
    # What a role does not do it need not load: that takes it 0.3 s and 30 MB.
    if role == JOBS:
        from quarterdeck.wiring.jobs import do_jobs  # noqa: PLC0415

        return do_jobs
    from quarterdeck.wiring.working import do_relay, do_work  # noqa: PLC0415

    return do_relay if role == RELAY else do_work


def simulate(ready: Callable[[str], None], **said: object) -> None:
    """Run a simulated cloud until told to stop; ``said`` are the fields of its options."""
    from quarterdeck.providers.simulator import server  # noqa: PLC0415  only here: 20 MB
    from quarterdeck.providers.simulator.options import SimulatorOptions  # noqa: PLC0415

    server.run(SimulatorOptions(**said), ready)  # type: ignore[arg-type]  # it checks each itself
