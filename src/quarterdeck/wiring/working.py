"""What a worker does: it delivers, watches and pages; and what a relay does, where it is apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from threading import Event

from quarterdeck.access.refusals import service as refusals
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.settings import WORKER
from quarterdeck.operations.health.means import means_of
from quarterdeck.operations.health.prober import Prober, prune_health
from quarterdeck.operations.health.restarter import Restarter
from quarterdeck.operations.incidents.service.watching import Watch
from quarterdeck.runtime import Runtime
from quarterdeck.trail.log.integrator import Integrator
from quarterdeck.trail.log.opening import Trail
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.wiring.alerting import alerting
from quarterdeck.wiring.hearing import subscribers
from quarterdeck.wiring.measuring import sample_pulses
from quarterdeck.wiring.paging import paging
from quarterdeck.wiring.telling import telling
from quarterdeck.wiring.trail import (
    catching_up,
    compliance_pulses,
    integrity_pulses,
    open_topic,
    webhook_sender,
    webhook_sending,
)
from quarterdeck.worker.process import Duties, deliver, schedule, work
from quarterdeck.worker.pulse import Pulses
from quarterdeck.worker.relay import delivering, relay_alone

INTEGRATE_S = 0.25
REFUSALS_S = 10.0
WEBHOOKS_S = 0.5
PROBES_S = 0.5
PRUNE_S = 60.0
RESTART_S = 2.0
INCIDENTS_S = 1.0


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
    """Be a worker, which runs jobs too where no role of theirs does."""
    engine, clock, settings = runtime.engine, runtime.clock, runtime.settings
    told, kinds = subscribers(runtime), dict[str, JobKind]()
    pulses = {**deliver(engine, clock, told), **_keeping(runtime, trail)}
    with ExitStack() as ends:
        if not settings.jobs_apart:
            from quarterdeck.wiring.jobs import running  # noqa: PLC0415  the clouds: 25 MB

            kinds |= ends.enter_context(running(runtime))
            pulses |= schedule(engine, clock)
        topic = partial(open_topic, settings, trail.reader)
        for part in (
            _probing(runtime),
            _webhooks(runtime),
            alerting(runtime),
            paging(runtime),
            telling(runtime),
            delivering(runtime, topic, told),
        ):
            pulses |= ends.enter_context(part)
        duties = Duties(role=WORKER, kinds=kinds, pulses=pulses)
        work(engine, clock, settings, duties, stopping)


@contextmanager
def _probing(runtime: Runtime) -> Iterator[Pulses]:
    engine, clock = runtime.engine, runtime.clock
    prober = Prober(engine=engine, means=means_of(runtime.settings, clock))
    with closing(prober):
        yield {
            "probes": (PROBES_S, prober.beat),
            "restart": (RESTART_S, restarter(runtime).beat),
            "health history": (PRUNE_S, partial(prune_health, engine, clock)),
        }


@contextmanager
def _webhooks(runtime: Runtime) -> Iterator[Pulses]:
    with (
        closing(webhook_sender(runtime.settings)) as sender,
        closing(webhook_sending(runtime, sender)) as sending,
    ):
        yield {"webhooks": (WEBHOOKS_S, sending.beat)}


def _keeping(runtime: Runtime, trail: Trail) -> Pulses:
    """What keeps the trail whole and everything current."""
    engine, clock = runtime.engine, runtime.clock
    integrator = Integrator(
        engine=engine,
        keys=runtime.keys,
        checkpoints=SqlCheckpointStore(engine),
        clock=clock,
        reader=trail.reader,
        tiles=trail.tiles,
        second=runtime.settings.checkpoint_ml_dsa,
    )
    return {
        "integrate": (INTEGRATE_S, integrator.beat),
        "refusals": (REFUSALS_S, partial(refusals.flush, engine, clock)),
        "incidents": (INCIDENTS_S, Watch(engine=engine, clock=clock).beat),
        **catching_up(runtime),
        **integrity_pulses(runtime),
        **compliance_pulses(runtime),
        **sample_pulses(runtime),
    }
