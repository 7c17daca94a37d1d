"""A process that answers nobody: jobs in its main thread, a pulse for whatever has a beat."""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from quarterdeck.worker.pulse import Pulse, Pulses
from quarterdeck.worker.schedule import tick_all

DELIVER_S = 0.1
TICK_S = 0.5
RENEWALS_PER_LEASE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What a process does.

    Attributes:
        role: as it is heard of by others.
        kinds: the jobs that it runs, by name; none: it runs no job.
    """

    role: str
    kinds: Mapping[str, JobKind]
    pulses: Pulses


def work(engine: Engine, clock: Clock, settings: Settings, duties: Duties, stopping: Event) -> None:
    """Work until ``stopping`` is set, then hand back what runs and say goodbye."""
    keep_what_stands()
    take_short_turns()
    # With the role: of containers that share a name each may be its process 1.
    name = f"{socket.gethostname()}/{duties.role}:{os.getpid()}"
    pulses = {"beat": (float(beats.EVERY_S), lambda: _beat(engine, name, duties.role))}
    with _heard_of(engine, name), _pulsing({**pulses, **duties.pulses}, stopping, settings):
        if duties.kinds:
            worker = Worker(
                name=name,
                engine=engine,
                clock=clock,
                kinds=duties.kinds,
                threads=settings.worker_threads,
                lease=timedelta(seconds=settings.lease_s),
                stop=stopping,
            )
            _run_jobs(worker, settings)
        else:
            stopping.wait()


def deliver(engine: Engine, clock: Clock, subscribers: Sequence[Subscriber]) -> Pulses:
    """What hands facts to those who are told of them."""
    return {"deliver": (DELIVER_S, lambda: deliver_all(engine, clock, subscribers))}


def schedule(engine: Engine, clock: Clock) -> Pulses:
    """What has jobs begin by the clock."""
    return {"schedule": (TICK_S, lambda: tick_all(engine, clock))}


def _run_jobs(worker: Worker, settings: Settings) -> None:
    # Leases are prolonged until the last job has stopped, not until it is asked to.
    every_s = settings.lease_s / RENEWALS_PER_LEASE
    with _pulsing({"renew": (every_s, worker.renew)}, Event(), settings):
        worker.run()


@contextmanager
def _pulsing(pulses: Pulses, stop: Event, settings: Settings) -> Iterator[None]:
    running = [
        Pulse(name=name, every_s=every, beat=beat, stop=stop)
        for name, (every, beat) in pulses.items()
    ]
    for pulse in running:
        pulse.start()
    try:
        yield
    finally:
        stop.set()
        for pulse in running:
            pulse.join(settings.stop_grace_s)


@contextmanager
def _heard_of(engine: Engine, name: str) -> Iterator[None]:
    try:
        yield
    finally:
        with writing(engine) as db:
            beats.leave(db, name)


def _beat(engine: Engine, name: str, role: str) -> None:
    with writing(engine) as db:
        beats.beat(db, name, role)
