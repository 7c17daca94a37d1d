"""A worker process: jobs in the main thread, and a pulse for everything that has a beat."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

from sqlalchemy import Engine

from quarterdeck.kernel import beats
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.garbage import keep_what_stands
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.turns import take_short_turns
from quarterdeck.worker.delivery import deliver_all
from quarterdeck.worker.loop import Worker
from quarterdeck.worker.pulse import Pulse
from quarterdeck.worker.schedule import tick_all

DELIVER_S = 0.1
TICK_S = 0.5
RENEWALS_PER_LEASE = 3
ROLE = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What a worker does besides jobs.

    Attributes:
        pulses: by name, what to call and every how many seconds; what it returns says
            whether there is more to do at once.
    """

    kinds: Mapping[str, JobKind]
    subscribers: Sequence[Subscriber]
    pulses: Mapping[str, tuple[float, Callable[[], object]]]


def work(engine: Engine, clock: Clock, settings: Settings, duties: Duties, stopping: Event) -> None:
    """Work until ``stopping`` is set, then hand back what runs and say goodbye."""
    keep_what_stands()
    take_short_turns()
    name = f"{socket.gethostname()}:{os.getpid()}"
    worker = Worker(
        name=name,
        engine=engine,
        clock=clock,
        kinds=duties.kinds,
        threads=settings.worker_threads,
        lease=timedelta(seconds=settings.lease_s),
        stop=stopping,
    )
    pulses = [
        Pulse(name=called, every_s=every, beat=beat, stop=stopping)
        for called, (every, beat) in (_own(worker, duties) | dict(duties.pulses)).items()
    ]
    # Leases are prolonged until the last job has stopped, not until it is asked to.
    ended, every_s = Event(), settings.lease_s / RENEWALS_PER_LEASE
    pulses.append(Pulse(name="renew", every_s=every_s, beat=worker.renew, stop=ended))
    for pulse in pulses:
        pulse.start()
    try:
        worker.run()
    finally:
        stopping.set()
        ended.set()
        for pulse in pulses:
            pulse.join(settings.stop_grace_s)
        with writing(engine) as db:
            beats.leave(db, name)


def _own(worker: Worker, duties: Duties) -> dict[str, tuple[float, Callable[[], object]]]:
    engine, clock = worker.engine, worker.clock

    def beat() -> None:
        with writing(engine) as db:
            beats.beat(db, worker.name, ROLE)

    return {
        "beat": (beats.EVERY_S, beat),
        "deliver": (DELIVER_S, lambda: deliver_all(engine, clock, duties.subscribers)),
        "schedule": (TICK_S, lambda: tick_all(engine, clock)),
    }
