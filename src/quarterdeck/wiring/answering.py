"""What answers: the API and the console, and the clocks that must beat when no worker does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from socket import socket
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from quarterdeck.governance.sync.domains import domains
from quarterdeck.governance.sync.service.freshness import evaluate_freshness
from quarterdeck.governance.sync.service.measuring import measure
from quarterdeck.kernel.settings import Configured
from quarterdeck.kernel.supervise import is_supervised, say_ready
from quarterdeck.kernel.workers import most_of
from quarterdeck.operations.alerts.service.scaling import Scaler
from quarterdeck.operations.health.measuring import measure as measure_health
from quarterdeck.operations.health.prober import lose_sight
from quarterdeck.operations.maintenance.service import turn as turn_maintenance
from quarterdeck.operations.statuspage.service.standing import turn as turn_components
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.service.gauges import measure as measure_deliveries
from quarterdeck.trail.query.problems import ProblemWatch
from quarterdeck.wiring.measuring import count_caches
from quarterdeck.wiring.numbers import measure_estate, measure_keys
from quarterdeck.wiring.paging import AUDIT_S, auditing
from quarterdeck.wiring.problems import measure as measure_resources
from quarterdeck.wiring.problems import sources
from quarterdeck.worker.pulse import Pulse

if TYPE_CHECKING:
    pass


FRESHNESS_S = 1.0
USES_S = 60.0
MEASURE_S = 15.0
GAUGES_S = 2.0
NUMBERS_S = 60.0


def answer(
    runtime: Runtime, configured: Configured, descriptor: int | None, stopping: Event
) -> None:
    """Answer until told to stop."""
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
    count_caches(runtime)
    with auditing(runtime) as auditor:
        pages = Pulse(name="pages", every_s=AUDIT_S, beat=auditor.beat, stop=stopping)
        pulses = [*_clocks(runtime, stopping), pages]
        for pulse in pulses:
            pulse.start()
        serving = Serving(
            settings=settings, listening=listening, stopping=stopping, ready=say_ready
        )
        try:
            run(app, serving)
        finally:  # also where it cannot answer: a thread that goes on spoils the end of Python
            stopping.set()
            _join(pulses, settings.stop_grace_s)
    runtime.access.write_uses()


def _join(pulses: Sequence[Pulse], within_s: float) -> None:
    """Wait for all of them together no longer than that."""
    ends = monotonic() + within_s
    for pulse in pulses:
        pulse.join(max(0.0, ends - monotonic()))


def _scaling(runtime: Runtime, stopping: Event) -> list[Pulse]:
    """Asks a supervisor for workers, where there is one that may have more than one of them."""
    most = most_of(runtime.settings)
    if not is_supervised() or most == 1:
        return []
    root = Path(runtime.settings.data)
    scaler = Scaler(engine=runtime.engine, clock=runtime.clock, root=root, most=most)
    return [Pulse(name="workers", every_s=GAUGES_S, beat=scaler.beat, stop=stopping)]


def _clocks(runtime: Runtime, stopping: Event) -> list[Pulse]:
    """What must be seen also when every worker is dead."""
    known = domains(runtime.settings)
    stale = partial(evaluate_freshness, runtime.engine, runtime.clock, known)
    shown = partial(measure, runtime.engine, runtime.clock, known)
    return [
        *_scaling(runtime, stopping),
        Pulse(name="measure", every_s=MEASURE_S, beat=shown, stop=stopping),
        Pulse(
            name="numbers",
            every_s=NUMBERS_S,
            beat=partial(measure_estate, runtime.engine, runtime.clock),
            stop=stopping,
        ),
        Pulse(name="keys", every_s=NUMBERS_S, beat=partial(measure_keys, runtime), stop=stopping),
        Pulse(name="freshness", every_s=FRESHNESS_S, beat=stale, stop=stopping),
        Pulse(
            name="gauges",
            every_s=GAUGES_S,
            beat=partial(measure_deliveries, runtime.engine, runtime.reader, runtime.clock),
            stop=stopping,
        ),
        Pulse(
            name="problems",
            every_s=GAUGES_S,
            beat=ProblemWatch(
                engine=runtime.engine,
                explorer=runtime.explorer,
                clock=runtime.clock,
                more=sources(runtime),
            ).beat,
            stop=stopping,
        ),
        Pulse(
            name="unseen",
            every_s=GAUGES_S,
            beat=partial(lose_sight, runtime.engine, runtime.clock),
            stop=stopping,
        ),
        Pulse(
            name="maintenance",
            every_s=GAUGES_S,
            beat=partial(turn_maintenance, runtime.engine, runtime.clock),
            stop=stopping,
        ),
        Pulse(
            name="status page",
            every_s=GAUGES_S,
            beat=partial(turn_components, runtime.engine, runtime.clock),
            stop=stopping,
        ),
        Pulse(
            name="health gauges",
            every_s=MEASURE_S,
            beat=partial(measure_health, runtime.engine, runtime.clock, {}),
            stop=stopping,
        ),
        Pulse(
            name="resources",
            every_s=GAUGES_S,
            beat=partial(measure_resources, runtime),
            stop=stopping,
        ),
        Pulse(name="uses", every_s=USES_S, beat=runtime.access.write_uses, stop=stopping),
    ]
