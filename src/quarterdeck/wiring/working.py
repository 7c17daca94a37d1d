"""What a worker does: jobs, subscribers, pulses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from quarterdeck.access.erasures import hearing as erasures
from quarterdeck.access.refusals import service as refusals
from quarterdeck.governance.exports.jobs import kinds as export_kinds
from quarterdeck.governance.inventory.filters import owner_tags_of
from quarterdeck.governance.onboarding import service as onboarding
from quarterdeck.governance.preflight.jobs import kinds as preflight_kinds
from quarterdeck.governance.programmes.jobs import kinds as programme_kinds
from quarterdeck.governance.sync.domains import cost_options, domains, identity_whole
from quarterdeck.governance.sync.jobs import kinds as sync_kinds
from quarterdeck.governance.sync.onboarding import reschedule
from quarterdeck.kernel import gathering, schedules
from quarterdeck.kernel.db import (
    writing,
)
from quarterdeck.kernel.supervise import say_ready
from quarterdeck.operations.alerts import hearing as alerts
from quarterdeck.operations.changes import hearing as changes
from quarterdeck.operations.escalation import hearing as escalation
from quarterdeck.operations.health.jobs import kinds as health_kinds
from quarterdeck.operations.health.means import means_of
from quarterdeck.operations.health.prober import Prober, prune_health
from quarterdeck.operations.health.restarter import Restarter
from quarterdeck.operations.health.service.registry import own_schedule
from quarterdeck.operations.incidents import hearing as incidents
from quarterdeck.operations.incidents.service.watching import Watch
from quarterdeck.operations.logs import hearing as logs
from quarterdeck.operations.messages import hearing as outbox
from quarterdeck.operations.slos.jobs import kinds as slo_kinds
from quarterdeck.operations.statuspage import hearing as statuspage
from quarterdeck.operations.statuspage.service.linking import Links
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.model import RELAY
from quarterdeck.trail.export.jobs import export_kind
from quarterdeck.trail.freeze import hearing as freezes
from quarterdeck.trail.holds import hearing as holds
from quarterdeck.trail.ingest import service as ingest
from quarterdeck.trail.log.integrator import Integrator
from quarterdeck.trail.log.opening import Trail
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.trail.projections.jobs import rebuild_kind
from quarterdeck.trail.retention.jobs import DAILY
from quarterdeck.trail.witnesses.noting import NOTING, noting_kind
from quarterdeck.wiring import problems
from quarterdeck.wiring.alerting import alerting
from quarterdeck.wiring.clouds import cloud_status, open_clouds
from quarterdeck.wiring.measuring import sample_pulses
from quarterdeck.wiring.paging import paging
from quarterdeck.wiring.slos import numbers
from quarterdeck.wiring.telling import telling
from quarterdeck.wiring.trail import (
    catching_up,
    compliance_pulses,
    export_press,
    integrity_pulses,
    keeping_kinds,
    open_topic,
    webhook_sender,
    webhook_sending,
)
from quarterdeck.worker import upkeep
from quarterdeck.worker.process import ROLE, Duties, work
from quarterdeck.worker.pulse import Pulse
from quarterdeck.worker.relay import delivering, relay_alone

if TYPE_CHECKING:
    pass


INTEGRATE_S = 0.25
REFUSALS_S = 10.0
METRICS_S = 5.0
WEBHOOKS_S = 0.5
PROBES_S = 0.5
PRUNE_S = 60.0
RESTART_S = 2.0
INCIDENTS_S = 1.0


def work_alone(
    runtime: Runtime,
    trail: Trail,
    stopping: Event,
    do: Callable[[Runtime, Trail, Event], None],
) -> None:
    """Run a role that answers nobody."""
    from quarterdeck.web.server import stop_on_signals  # noqa: PLC0415  it brings the server along

    stop_on_signals(stopping)
    say_ready()
    role = RELAY if do is do_relay else ROLE
    folder = Path(runtime.settings.data) / gathering.FOLDER
    telling = Pulse(
        name="metrics",
        every_s=METRICS_S,
        beat=partial(_tell_metrics, runtime, folder, role),
        stop=stopping,
    )
    telling.start()
    try:
        do(runtime, trail, stopping)
    finally:
        stopping.set()
        telling.join(runtime.settings.stop_grace_s)
        gathering.leave(folder, role)


def _tell_metrics(runtime: Runtime, folder: Path, role: str) -> None:
    try:
        problems.measure(runtime)
    finally:
        # What was counted is told also where the database cannot be asked: then above all.
        gathering.write(folder, role)


def restarter(runtime: Runtime) -> Restarter:
    """Starts again what is down, where the operator says how."""
    commands = runtime.settings.restart_commands
    return Restarter(
        engine=runtime.engine,
        clock=runtime.clock,
        commands=Path(commands) if commands else None,
        most=runtime.settings.restarts_per_hour,
    )


def do_relay(runtime: Runtime, trail: Trail, stopping: Event) -> None:
    """Be the outbox relay."""
    relay_alone(runtime, partial(open_topic, runtime.settings, trail.reader), stopping)


def do_work(runtime: Runtime, trail: Trail, stopping: Event) -> None:
    """Be a worker."""
    engine, clock, keys = runtime.engine, runtime.clock, runtime.keys
    clouds, status = open_clouds(runtime.settings), cloud_status(runtime.settings)
    subscribers = [
        ingest.subscriber(engine, keys, trail.sequencer),
        alerts.subscriber(),
        changes.subscriber(),
        logs.subscriber(),
        escalation.subscriber(),
        incidents.subscriber(),
        statuspage.subscriber(_links(runtime)),
        freezes.subscriber(trail.reader.sizes),
        holds.subscriber(),
        onboarding.subscriber(),
        erasures.subscriber(),
        outbox.subscriber(),
    ]
    known = domains(runtime.settings)
    integrator = Integrator(
        engine=engine,
        keys=keys,
        checkpoints=SqlCheckpointStore(engine),
        clock=clock,
        reader=trail.reader,
        tiles=trail.tiles,
        second=runtime.settings.checkpoint_ml_dsa,
    )
    prober = Prober(engine=engine, means=means_of(runtime.settings, clock))
    folder, sender = Path(runtime.settings.data) / "exports", webhook_sender(runtime.settings)
    kinds = [
        *sync_kinds(
            clouds.open,
            status,
            known,
            cost_options(runtime.settings),
            identity_whole(runtime.settings),
        ),
        upkeep.upkeep([one.name for one in subscribers]),
        *export_kinds(folder, owner_tags_of(runtime.settings.owner_tags)),
        *programme_kinds(),
        *health_kinds(prober.means, runtime.roles or {"installation": runtime.checks}),
        *preflight_kinds(clouds.open, status, status.identity),
        rebuild_kind(runtime.explorer.read, runtime.explorer.fields),
        export_kind(export_press(runtime)),
        *keeping_kinds(runtime),
        noting_kind(runtime.reader, runtime.settings.checkpoint_mail),
    ]
    sending = webhook_sending(runtime, sender)
    duties = Duties(
        kinds={kind.name: kind for kind in kinds},
        subscribers=subscribers,
        pulses={
            "integrate": (INTEGRATE_S, integrator.beat),
            "refusals": (REFUSALS_S, partial(refusals.flush, engine, clock)),
            **catching_up(runtime),
            **integrity_pulses(runtime),
            **compliance_pulses(runtime),
            "probes": (PROBES_S, prober.beat),
            "restart": (RESTART_S, restarter(runtime).beat),
            "incidents": (INCIDENTS_S, Watch(engine=engine, clock=clock).beat),
            "health history": (PRUNE_S, partial(prune_health, engine, clock)),
            **sample_pulses(runtime),
            "webhooks": (WEBHOOKS_S, sending.beat),
        },
    )
    reschedule(engine, clock, known)
    with writing(engine) as db:
        schedules.put(db, clock(), upkeep.SCHEDULE)
        schedules.put(db, clock(), own_schedule())
        schedules.put(db, clock(), DAILY)
        schedules.put(db, clock(), NOTING)
    topic = partial(open_topic, runtime.settings, trail.reader)
    with (
        closing(clouds),
        closing(sender),
        closing(sending),
        closing(prober),
        alerting(runtime) as told,
        paging(runtime) as paged,
        telling(runtime) as messages,
        numbers(runtime) as sources,
        delivering(runtime, topic, duties.subscribers) as pulses,
    ):
        slos = {kind.name: kind for kind in slo_kinds(sources)}
        duties = replace(
            duties,
            kinds={**duties.kinds, **slos},
            pulses={**duties.pulses, **told, **messages, **paged, **pulses},
        )
        work(engine, clock, runtime.settings, duties, stopping)


def _links(runtime: Runtime) -> Links:
    settings = runtime.settings
    return Links(url=settings.base_url.rstrip("/"), secret=settings.secret)
