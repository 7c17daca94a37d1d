"""Dead letters: look, classify, quarantine."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from quarterdeck.events import EVENTS
from quarterdeck.events.deliveries import DeadLetterClassified, DeadLetterQuarantined
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.work import Work
from quarterdeck.trail.deliveries.message import Kind, Message, Wanted
from quarterdeck.trail.deliveries.model import State
from quarterdeck.trail.deliveries.service.control import known
from quarterdeck.trail.deliveries.service.facts import QUEUE
from quarterdeck.trail.deliveries.store import messages as store
from quarterdeck.trail.deliveries.store.messages import Spot
from quarterdeck.trail.log.ports import Reader

READS, TRIAGES, REPLAYS = "deadletters:read", "deadletters:triage", "deadletters:replay"
MAX_PAGE = 501
MAX_RECEIVED = 100
MAX_REASON = 500


class DeadLetterNotFound(NotFound):
    """No such dead letter, or none that this actor may see."""


class Quarantined(Conflict):
    """The message is in quarantine; it is never replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A dead letter with its body.

    Attributes:
        body: the record as it stands in the log, or the fact with what a leaf may show of
            it; None where it cannot be read, or the actor may not read the log.
        leaf_hash: of the record; empty where it is a fact, or gone.
    """

    message: Message
    body: str | None
    leaf_hash: bytes


def peek(work: Work, wanted: Wanted, after: Spot | None = None, limit: int = 50) -> list[Message]:
    """Dead letters, oldest first. Nothing about them changes.

    Raises:
        ConsumerNotFound: says which consumers there are.
    """
    among = work.require(READS, wanted.tenant) if wanted.tenant else work.tenants(READS)
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"limit must be 1 to {MAX_PAGE}, got {limit}")
    known(work, wanted.consumer)
    return store.letters(work.db, among, wanted, after, limit)


def spot(one: Message) -> Spot:
    """Where it stands in the list."""
    return micros(one.dead_at) if one.dead_at else 0, one.id


def receive(work: Work, consumer: str, count: int, lock: timedelta) -> list[Message]:
    """The oldest dead letters that nobody has received, locked for this actor to look at.

    Until the lock ends nobody else receives or replays them; then they are back.
    """
    among = work.tenants(REPLAYS)
    if not 1 <= count <= MAX_RECEIVED:
        raise Invalid(f"max_message_count must be 1 to {MAX_RECEIVED}, got {count}")
    known(work, consumer)
    free = Wanted(consumer=consumer, unlocked_at=work.now)
    found = store.letters(work.db, among, free, None, count)
    token, ends = work.new_id(), work.now + lock
    return [
        replace(one, lock=token, locked_until=ends)
        for one in found
        if store.lock(work.db, among, one, token, (work.now, lock))
    ]


def inspect(work: Work, reader: Reader, consumer: str, message: str) -> Letter:
    """One dead letter, whole.

    Raises:
        DeadLetterNotFound: it is none, or no more.
    """
    found = _letter(work, READS, consumer, message)
    if known(work, consumer).queue == QUEUE:
        return Letter(message=found, body=_fact(work, found), leaf_hash=b"")
    if not work.actor.may("trail:read", found.log):
        return Letter(message=found, body=None, leaf_hash=b"")
    leaves = reader.read(found.log, found.index, 1)
    return Letter(
        message=found,
        body=leaves[0].entry.decode(errors="replace") if leaves else None,
        leaf_hash=leaves[0].hash if leaves else b"",
    )


def classify(work: Work, consumer: str, message: str, kind: str) -> Message:
    """Say what kind of failure it is; ``malicious`` needs ``quarantine`` as well."""
    found = _letter(work, TRIAGES, consumer, message)
    if found.state is State.QUARANTINED:
        raise Quarantined(f"{message} is in quarantine, and stays malicious")
    if kind not in list(Kind):
        raise Invalid(f"class must be one of {', '.join(Kind)}; got {kind[:80]!r}")
    said = replace(found, kind=Kind(kind), noted_by=work.actor.id)
    store.note(work.db, work.require(TRIAGES, found.log), said)
    work.publish(
        DeadLetterClassified(tenant=found.log, consumer=consumer, message=message, kind=kind)
    )
    return said


def quarantine(work: Work, consumer: str, message: str, reason: str) -> Message:
    """Leave it out of every replay, for the reason given: it is malicious or invalid."""
    if not 0 < len(reason.strip()) <= MAX_REASON:
        raise Invalid(f"say why, in 1 to {MAX_REASON} characters")
    found = _letter(work, TRIAGES, consumer, message)
    said = replace(
        found,
        kind=Kind.MALICIOUS,
        state=State.QUARANTINED,
        note=reason,
        noted_by=work.actor.id,
    )
    store.note(work.db, work.require(TRIAGES, found.log), said)
    work.publish(
        DeadLetterQuarantined(tenant=found.log, consumer=consumer, message=message, reason=reason)
    )
    return said


def _letter(work: Work, permission: str, consumer: str, message: str) -> Message:
    """The dead letter, if it may be seen; then what else is lacking may be said."""
    seen = store.letter(work.db, work.tenants(READS), consumer, message)
    if seen is None:
        known(work, consumer)
        raise DeadLetterNotFound(f"{consumer} has no dead letter {message[:100]!r}")
    work.require(permission, seen.log)
    return seen


def _fact(work: Work, letter: Message) -> str | None:
    fact = deliveries.dead_fact(work.db, letter.consumer, letter.id)
    if fact is None:
        return None
    kind = EVENTS.get(fact.name)
    shown: Sequence[str] = sorted(kind.public & fact.payload.keys()) if kind else ()
    public = {name: fact.payload[name] for name in shown}
    said = {"id": fact.id, "event": fact.name, "tenant": fact.tenant, "actor": fact.actor}
    hidden = sorted(fact.payload.keys() - public.keys() - {"tenant"})
    return json.dumps(said | {"payload": public, "hidden": hidden})
