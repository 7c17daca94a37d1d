"""The jobs that are run, by the role of their own or by a worker that has none beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

from quarterdeck.governance.exports.jobs import kinds as export_kinds
from quarterdeck.governance.inventory.filters import owner_tags_of
from quarterdeck.governance.preflight.jobs import kinds as preflight_kinds
from quarterdeck.governance.programmes.jobs import kinds as programme_kinds
from quarterdeck.governance.sync.domains import cost_options, domains, identity_whole
from quarterdeck.governance.sync.jobs import kinds as sync_kinds
from quarterdeck.governance.sync.onboarding import reschedule
from quarterdeck.kernel import schedules
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.settings import JOBS
from quarterdeck.operations.health.jobs import kinds as health_kinds
from quarterdeck.operations.health.means import means_of
from quarterdeck.operations.health.service.registry import own_schedule
from quarterdeck.operations.slos.jobs import kinds as slo_kinds
from quarterdeck.runtime import Runtime
from quarterdeck.trail.export.jobs import export_kind
from quarterdeck.trail.log.opening import Trail
from quarterdeck.trail.projections.jobs import rebuild_kind
from quarterdeck.trail.retention.jobs import DAILY
from quarterdeck.trail.witnesses.noting import NOTING, noting_kind
from quarterdeck.wiring.clouds import cloud_status, open_clouds
from quarterdeck.wiring.hearing import subscribers
from quarterdeck.wiring.slos import numbers
from quarterdeck.wiring.trail import export_press, keeping_kinds
from quarterdeck.worker import upkeep
from quarterdeck.worker.process import Duties, schedule, work

NICE = 10
"""How far it lets others of its machine go first (nice(2)): who waits for a page, or for a page
to be drawn, is a person."""


def do_jobs(runtime: Runtime, _trail: Trail, stopping: Event) -> None:
    """Run jobs, and nothing else."""
    # SQLite has one writer: who holds its turn must not wait for a processor.
    if runtime.engine.dialect.name != "sqlite":
        os.nice(NICE)
    with running(runtime) as kinds:
        duties = Duties(role=JOBS, kinds=kinds, pulses=schedule(runtime.engine, runtime.clock))
        work(runtime.engine, runtime.clock, runtime.settings, duties, stopping)


@contextmanager
def running(runtime: Runtime) -> Iterator[Mapping[str, JobKind]]:
    """Every kind by its name, while what they need is open; each schedule stands."""
    _schedule(runtime)
    with closing(open_clouds(runtime.settings)) as clouds, numbers(runtime) as sources:
        status = cloud_status(runtime.settings)
        kinds = [
            *sync_kinds(
                clouds.open,
                status,
                domains(runtime.settings),
                cost_options(runtime.settings),
                identity_whole(runtime.settings),
            ),
            *preflight_kinds(clouds.open, status, status.identity),
            *slo_kinds(sources),
            *_own_kinds(runtime),
        ]
        yield {kind.name: kind for kind in kinds}


def _own_kinds(runtime: Runtime) -> Sequence[JobKind]:
    settings, folder = runtime.settings, Path(runtime.settings.data) / "exports"
    return [
        upkeep.upkeep([one.name for one in subscribers(runtime)]),
        *export_kinds(folder, owner_tags_of(settings.owner_tags)),
        *programme_kinds(),
        *health_kinds(
            means_of(settings, runtime.clock), runtime.roles or {"installation": runtime.checks}
        ),
        rebuild_kind(runtime.explorer.read, runtime.explorer.fields),
        export_kind(export_press(runtime)),
        *keeping_kinds(runtime),
        noting_kind(runtime.reader, settings.checkpoint_mail),
    ]


def _schedule(runtime: Runtime) -> None:
    reschedule(runtime.engine, runtime.clock, domains(runtime.settings))
    with writing(runtime.engine) as db:
        for one in (upkeep.SCHEDULE, own_schedule(), DAILY, NOTING):
            schedules.put(db, runtime.clock(), one)
