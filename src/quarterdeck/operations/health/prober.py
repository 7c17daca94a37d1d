"""The prober: looks at every service when its turn comes, all at once, and waits for none.

One thread with an event loop does the looking; the worker's pulse takes what is due, hands
it over, and writes down what has come back. A look that hangs holds one seat until its own
timeout, and no transaction.
"""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic

import httpx2
import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.operations.health.model.claim import Claim, Finding
from quarterdeck.operations.health.model.state import Outcome, State
from quarterdeck.operations.health.probing import http
from quarterdeck.operations.health.probing.looking import Means, look_at_one
from quarterdeck.operations.health.service import observing

SEATS = 1024
BATCH = 200
NAMES_AT_ONCE = 64  # a name server that hangs keeps a thread of these
CALLED_OFF_S = 5.0
CAUSE_S = 1.0  # a verdict is not kept longer than this for its cause's
LOOKS = Counter("quarterdeck_probe_looks_total", "Looks of probes.", ["kind", "state"])
OPEN = Gauge("quarterdeck_probe_looks_open", "Services that are looked at now.")
NOBODY = Actor("quarterdeck", frozenset())

log = structlog.get_logger("health")


@dataclass(slots=True, kw_only=True)
class Prober:
    """Looks at services; ``beat`` is for a pulse, ``close`` ends what goes on.

    Attributes:
        seats: services looked at at once.
    """

    engine: Engine
    means: Means
    seats: int = SEATS
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: Thread | None = None
    _client: httpx2.AsyncClient | None = None
    _looking: dict[Future[dict[str, Outcome]], Claim] = field(default_factory=dict)
    _waiting: dict[Future[dict[str, Outcome]], float] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """How many services are looked at now."""
        return len(self._looking)

    @property
    def back(self) -> list[Future[dict[str, Outcome]]]:
        """Looks that came back, and are not written down."""
        return [future for future in self._looking if future.done()]

    def beat(self) -> bool:
        """Write down what came back, take what is due; whether more may be due at once."""
        findings = [self._found(future) for future in self._settled()]
        free = min(self.seats - len(self._looking), BATCH)
        if not findings and not (free and self._due()):
            return False
        with begin(self.engine, NOBODY, self.means.clock) as work:
            observing.observe(work, findings)
            claimed = observing.claim(work, free) if free else []
        for one in claimed:
            self._begin(one)
        OPEN.set(len(self._looking))
        return len(claimed) == BATCH

    def close(self) -> None:
        """Call off what goes on, and end the thread. What was claimed is due again soon."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._called_off(), self._loop).result(CALLED_OFF_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALLED_OFF_S)
        self._loop.close()

    def _settled(self) -> list[Future[dict[str, Outcome]]]:
        """What came back; what depends on a service still looked at waits for that a little.

        They may have fallen together: then that one is the cause, and is to be named as it.
        """
        back = self.back
        under_way = {_name(c) for future, c in self._looking.items() if future not in back}
        settled = []
        for future in back:
            since = self._waiting.setdefault(future, monotonic())
            waits = under_way & set(_depended(self._looking[future]))
            if not waits or monotonic() - since > CAUSE_S:
                del self._waiting[future]
                settled.append(future)
        return settled

    def _due(self) -> bool:
        with read(self.engine, NOBODY, self.means.clock) as work:
            return observing.due(work)

    def _begin(self, claim: Claim) -> None:
        loop = self._loop or self._started()
        future = asyncio.run_coroutine_threadsafe(self._look(claim), loop)
        self._looking[future] = claim

    async def _look(self, claim: Claim) -> dict[str, Outcome]:
        if self._client is None:
            self._client = http.open_client(self.means.trust)
        return await look_at_one(claim.service, self.means, self._client)

    def _found(self, future: Future[dict[str, Outcome]]) -> Finding:
        claim = self._looking.pop(future)
        try:
            outcomes = future.result()
        except Exception as error:  # a probe of ours that breaks says nothing of the service
            log.exception("probe broke", service=claim.service.name)
            words = f"the probe broke: {type(error).__name__}"
            broken = Outcome(state=State.UNKNOWN, detail=words, took_ms=0.0)
            outcomes = {probe.name: broken for probe in claim.service.probes}
        for probe in claim.service.probes:
            LOOKS.labels(probe.kind.value, outcomes[probe.name].state.value).inc()
        return Finding(claim=claim, outcomes=outcomes, at=self.means.clock())

    def _started(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        loop.set_default_executor(ThreadPoolExecutor(NAMES_AT_ONCE, thread_name_prefix="names"))
        self._thread = Thread(target=loop.run_forever, name="prober", daemon=True)
        self._thread.start()
        self._loop = loop
        return loop

    async def _called_off(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()


def _name(claim: Claim) -> tuple[str, str, str]:
    service = claim.service
    return service.tenant, service.environment, service.name


def _depended(claim: Claim) -> list[tuple[str, str, str]]:
    service = claim.service
    return [(service.tenant, service.environment, name) for name in service.depends_on]


def prune_health(engine: Engine, clock: Clock) -> bool:
    """Forget old history, a little at a time; for a pulse."""
    with begin(engine, NOBODY, clock) as work:
        return observing.prune(work)


def lose_sight(engine: Engine, clock: Clock) -> bool:
    """Have what nobody looks at be unknown; for a pulse of who answers, were all workers dead."""
    with read(engine, NOBODY, clock) as work:
        if not observing.unseen(work):
            return False
    with begin(engine, NOBODY, clock) as work:
        return observing.lose_sight(work) > 0
