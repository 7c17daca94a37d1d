"""Paging: what tells who is wanted, what looks after that, and what rings outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import timedelta
from functools import partial

from quarterdeck.kernel.settings import Settings, UnusableSetting
from quarterdeck.operations.escalation.document import target
from quarterdeck.operations.escalation.model.faults import UnusableEscalation
from quarterdeck.operations.escalation.model.policy import Target
from quarterdeck.operations.escalation.service.forgetting import forget
from quarterdeck.operations.escalation.service.heartbeat import Heartbeat
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.operations.escalation.service.watching import WHERE, Auditor
from quarterdeck.operations.routing.service.placing import stalled
from quarterdeck.providers.heartbeat.bell import HttpBell
from quarterdeck.runtime import Runtime
from quarterdeck.wiring.telling import send_all, sending
from quarterdeck.worker.pulse import Beat, Pulses

ESCALATE_S, FORGET_S, HEARTBEAT_S, AUDIT_S = 0.1, 600.0, 60.0, 5.0


@contextmanager
def paging(runtime: Runtime) -> Iterator[Pulses]:
    """The pulses of a worker that pages."""
    engine, clock, settings = runtime.engine, runtime.clock, runtime.settings
    timers = Timers(engine=engine, clock=clock, url=settings.base_url)
    bell = HttpBell(settings.heartbeat_url) if settings.heartbeat_url else None
    pulses: dict[str, tuple[float, Beat]] = {
        "escalate": (ESCALATE_S, timers.beat),
        "forget page secrets": (FORGET_S, partial(forget, engine, clock)),
    }
    with closing(bell) if bell else nullcontext():
        if bell:
            heart = Heartbeat(
                engine=engine, clock=clock, bell=bell, grace=_grace(settings), stalls=stalled
            )
            pulses["heartbeat"] = (HEARTBEAT_S, heart.beat)
        yield pulses


@contextmanager
def auditing(runtime: Runtime) -> Iterator[Auditor]:
    """Who looks after pages, and sends what is late, where no worker does.

    Raises:
        UnusableSetting: fallback_channel names nobody who could be told.
    """
    settings = runtime.settings
    with sending(runtime) as loop:
        yield Auditor(
            engine=runtime.engine,
            clock=runtime.clock,
            url=settings.base_url,
            fallback=_fallback(settings),
            grace=_grace(settings),
            send=partial(send_all, loop),
        )


def _grace(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.page_late_s)


def _fallback(settings: Settings) -> Target | None:
    if not settings.fallback_channel:
        return None
    try:
        found = target(settings.fallback_channel)
    except UnusableEscalation as error:
        raise UnusableSetting(f"fallback_channel: {error}") from error
    if found.kind not in WHERE:
        raise UnusableSetting("fallback_channel is mail ADDRESS, or channel NAME of the platform")
    return found
