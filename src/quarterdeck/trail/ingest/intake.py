"""Taking events in: many requests at once, on one event loop, each answered once it is durable.

Nothing here blocks the loop: what asks the database runs in a thread, once for many events.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from os import urandom
from time import perf_counter

import msgspec
import structlog
from sqlalchemy import Engine

from quarterdeck.access.limits.model import RateLimited
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel.cache import Epochal
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.trail.freeze.service import refuse_ingest
from quarterdeck.trail.ingest import metrics
from quarterdeck.trail.ingest.drafting import Draft, Moment, Place, draft, prepared
from quarterdeck.trail.ingest.refusal import (
    EventInFlight,
    EventRefused,
    IdempotencyKeyReused,
    Refusal,
)
from quarterdeck.trail.ingest.service import IDEMPOTENCY
from quarterdeck.trail.ingest.subjects import SubjectKey, SubjectKeys
from quarterdeck.trail.ingest.throttle import Throttle
from quarterdeck.trail.ingest.wire import Event, event_of
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import Tagger
from quarterdeck.trail.log.appender import open_log
from quarterdeck.trail.log.model import Appended, Inclusion, Prepared
from quarterdeck.trail.log.ports import Reader, Sequencer
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.compiled import Classifier
from quarterdeck.trail.policy.model import IngestRate

SYSTEM = Actor("quarterdeck", frozenset())
TURN = 100
"""Events after which others get their turn on the loop."""

PROOF_S, PROOF_TURN_S = 10.0, 0.05

log = structlog.get_logger("ingest")


class Taken(msgspec.Struct, frozen=True, gc=False):
    """An event that stands in the log. ``skew_s``: its clock's, where that is over five minutes."""

    record: str
    index: int
    leaf_hash: bytes
    duplicate: bool = False
    skew_s: int = 0


Result = Taken | Refusal


class Offered(msgspec.Struct, frozen=True):
    """An event as it came: its JSON, or what was read of it by another form, or a refusal.

    Attributes:
        raw: what is compared when the same key comes again.
        key: what makes it exactly one record, over what the event says itself.
    """

    raw: bytes
    key: str | None = None
    event: Event | EventRefused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds for one tenant while the access epoch stands still."""

    place: Place
    rate: IngestRate | None
    subjects: SubjectKeys


@dataclass(slots=True)
class Judged:
    """The events of one request: what may be appended, and what became of the others."""

    results: list[Result | None]
    drafts: list[tuple[int, Draft]]


class Intake:
    """Takes events in, for one process."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        keys: KeyStore,
        reader: Reader,
        sequencer: Sequencer,
        policies: Epochal[Standing],
    ) -> None:
        self._engine, self._clock, self._keys = engine, clock, keys
        self._reader, self._sequencer = reader, sequencer
        self._throttle = Throttle()
        self._flying: dict[bytes, object] = {}
        self._standing = policies
        self._begun: set[str] = set()
        self._classifiers: dict[str, Classifier] = {}

    async def take(
        self, tenant: str, source: str, epoch: int, offered: Sequence[Offered]
    ) -> list[Result]:
        """Append the events that can be; what became of each, in order.

        ``source`` is the principal that sends them; ``epoch`` that of its credential.

        Raises:
            RateLimited, Unavailable: nothing was taken, or it is not known: send it again.
            NoSuchTenant, TenantArchivedAlready
        """
        began = perf_counter()
        standing = await self._of(tenant, epoch)
        self._refuse_too_many(tenant, standing.rate, len(offered))
        metrics.WAITING.inc(len(offered))
        try:
            judged = await self._judge(standing.place, source, offered)
            await self._append(standing, source, judged)
        finally:
            metrics.WAITING.dec(len(offered))
        metrics.SECONDS.observe(perf_counter() - began)
        return _counted(tenant, [one for one in judged.results if one is not None])

    async def prove(self, tenant: str, indices: Sequence[int]) -> dict[int, Inclusion]:
        """Wait until a checkpoint covers them; the proofs, by index; none where that takes long."""
        last, until = max(indices), perf_counter() + PROOF_S
        while perf_counter() < until:
            signed = await asyncio.to_thread(self._reader.checkpoint, tenant)
            if signed is not None and signed.size > last:
                return await asyncio.to_thread(self._proofs, tenant, indices)
            # The integrator is another process, every 250 ms: there is nothing to wait on.
            await asyncio.sleep(PROOF_TURN_S)
        return {}

    def _proofs(self, tenant: str, indices: Sequence[int]) -> dict[int, Inclusion]:
        signed = self._reader.checkpoint(tenant)
        if signed is None:
            return {}
        tree = self._reader.tree(tenant)
        return {
            index: Inclusion(
                index=index,
                leaf_hash=self._reader.hashes(tenant, 0, index, 1)[0],
                proof=tuple(tree.prove(index, signed.size)),
                checkpoint=signed,
            )
            for index in set(indices)
        }

    def _refuse_too_many(self, tenant: str, rate: IngestRate | None, events: int) -> None:
        try:
            self._throttle.take(tenant, rate, events)
        except RateLimited:
            metrics.LIMITED.inc()
            raise

    async def _of(self, tenant: str, epoch: int) -> Standing:
        found = self._standing.find(epoch, tenant)
        if found is None:
            found = await asyncio.to_thread(self._opened, tenant)
            self._standing.keep(epoch, tenant, found)
        return found

    def _opened(self, tenant: str) -> Standing:
        with read(self._engine, SYSTEM, self._clock) as work:
            tenants.require_open(work, tenant)
            refuse_ingest(work.db, tenant)
            holds = policy.standing(work.db, tenant)
        classifier = self._classifier(holds)
        if f"{tenant} {classifier.digest}" not in self._begun:
            with begin(self._engine, SYSTEM, self._clock) as work:
                open_log(work.db, self._keys, tenant)
                policy.keep_text(work.db, classifier.classification)
            self._begun.add(f"{tenant} {classifier.digest}")
        return Standing(
            place=Place(
                tenant=tenant,
                origin=self._keys.of(tenant).origin,
                tagger=Tagger(self._keys.derived(tenant, IDEMPOTENCY)),
                classifier=classifier,
            ),
            rate=holds.rate,
            subjects=SubjectKeys(self._engine, self._keys, tenant),
        )

    def _classifier(self, holds: policy.Standing) -> Classifier:
        # Tenants under the same rules share what is known of them.
        digest = holds.classification.digest
        found = self._classifiers.get(digest)
        if found is None:
            found = Classifier(holds.classification)
            self._classifiers[digest] = found
        return found

    async def _judge(self, place: Place, source: str, offered: Sequence[Offered]) -> Judged:
        found = Judged([None] * len(offered), [])
        now = self._clock()
        for number, one in enumerate(offered):
            if number % TURN == TURN - 1:
                await asyncio.sleep(0)
            try:
                event = event_of(one.raw) if one.event is None else _read(one.event)
                key = one.key or event.key
                made = draft(place, source, event, one.raw, key, now)
                found.drafts.append((number, made))
            except EventRefused as refusal:
                found.results[number] = refusal
        return found

    async def _append(self, standing: Standing, source: str, judged: Judged) -> None:
        request = object()
        flying = self._claim(judged, request)
        try:
            ready = await self._ready(standing, source, judged)
            if ready:
                await self._appended(standing.place.tenant, judged, ready)
        finally:
            for tag in flying:
                del self._flying[tag]

    def _claim(self, judged: Judged, request: object) -> set[bytes]:
        """Mark what is on its way now; the tags that are ours to unmark."""
        mine: set[bytes] = set()
        free = []
        for number, made in judged.drafts:
            if self._flying.setdefault(made.tag, request) is request:
                mine.add(made.tag)
                free.append((number, made))
            else:
                judged.results[number] = EventInFlight(
                    "this very event is being taken now; send it again in a second"
                )
        judged.drafts = free
        return mine

    async def _ready(
        self, standing: Standing, source: str, judged: Judged
    ) -> list[tuple[int, Draft, Prepared]]:
        held = await self._keys_for(standing, judged)
        now, ids = self._received(len(judged.drafts))
        ready: list[tuple[int, Draft, Prepared]] = []
        for (number, made), record in zip(judged.drafts, ids, strict=True):
            if len(ready) % TURN == TURN - 1:
                await asyncio.sleep(0)
            try:
                one = prepared(standing.place, source, made, record, now, held.__getitem__)
            except EventRefused as refusal:
                judged.results[number] = refusal
            else:
                ready.append((number, made, one))
        return ready

    async def _keys_for(self, standing: Standing, judged: Judged) -> dict[str, SubjectKey]:
        needed = {s for _, made in judged.drafts for s in made.subjects}
        if not needed:
            return {}
        held = standing.subjects.held(needed)
        if missing := needed - held.keys():
            held |= await asyncio.to_thread(standing.subjects.load, missing, self._clock())
        return held

    def _received(self, count: int) -> tuple[Moment, list[str]]:
        """The moment, and new record ids of it: UUIDv7 (RFC 9562, 5.7)."""
        now = Moment.of(self._clock())
        time, noise = f"{now.at // 1000:012x}", urandom(10 * count).hex()
        start = f"{time[:8]}-{time[8:]}-7"
        ids = []
        for place in range(0, 20 * count, 20):
            r = noise[place : place + 20]
            ids.append(f"{start}{r[:3]}-{'89ab'[int(r[3], 16) & 3]}{r[4:7]}-{r[7:19]}")
        return now, ids

    async def _appended(
        self, tenant: str, judged: Judged, ready: Sequence[tuple[int, Draft, Prepared]]
    ) -> None:
        answers = await self._sequencer.enqueue([one for _, _, one in ready])
        again: list[tuple[int, Draft, Appended]] = []
        for (number, made, one), answer in zip(ready, answers, strict=True):
            if answer.known is None:
                judged.results[number] = Taken(
                    one.record, answer.index, answer.leaf_hash, skew_s=made.skew_s
                )
            elif answer.known.digest not in (b"", made.digest):
                judged.results[number] = IdempotencyKeyReused(
                    "this key was used for an event with another body; give each event its own"
                )
            else:
                again.append((number, made, answer))
        if again:
            found = await asyncio.to_thread(self._duplicates, tenant, again)
            for number, result in found:
                judged.results[number] = result

    def _duplicates(
        self, tenant: str, again: Sequence[tuple[int, Draft, Appended]]
    ) -> list[tuple[int, Taken]]:
        """The answers that were given the first time."""
        told = []
        for number, made, answer in again:
            leaves = self._reader.read(tenant, answer.index, 1)
            if not leaves:
                raise Unavailable("what was appended just now cannot be read yet; send it again")
            record = msgspec.json.decode(leaves[0].entry)["id"]
            taken = Taken(record, answer.index, leaves[0].hash, duplicate=True, skew_s=made.skew_s)
            told.append((number, taken))
        return told


def _read(event: Event | EventRefused) -> Event:
    if isinstance(event, EventRefused):
        raise event
    return event


def _counted(tenant: str, results: list[Result]) -> list[Result]:
    taken = [one for one in results if isinstance(one, Taken)]
    refused = [one for one in results if not isinstance(one, Taken)]
    duplicates = sum([one.duplicate for one in taken])
    metrics.APPENDED.inc(len(taken) - duplicates)
    if duplicates:
        metrics.DUPLICATES.inc(duplicates)
    if skewed := sum([one.skew_s != 0 for one in taken]):
        metrics.SKEWED.inc(skewed)
    for one in refused:
        metrics.EVENTS.labels("refused").inc()
        metrics.REFUSED.labels(one.reason).inc()
    if refused:
        first = refused[0]
        field = first.field if isinstance(first, EventRefused) else ""
        log.warning(
            "events refused",
            tenant=tenant,
            refused=len(refused),
            reason=first.reason,
            field=field,
            why=str(first),
        )
    return results
