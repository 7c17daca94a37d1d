"""Replays of dead letters: rehearsed, ordered, watched."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from quarterdeck.events.deliveries import DeadLettersReplayed, DeadLetterTested
from quarterdeck.kernel.errors import Invalid, NotFound
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.deliveries.message import Kind, Message, Wanted
from quarterdeck.trail.deliveries.model import Batch
from quarterdeck.trail.deliveries.replay import Order, Rehearsal, Report
from quarterdeck.trail.deliveries.service import queries
from quarterdeck.trail.deliveries.service.control import known
from quarterdeck.trail.deliveries.service.facts import QUEUE
from quarterdeck.trail.deliveries.service.triage import READS, REPLAYS, DeadLetterNotFound
from quarterdeck.trail.deliveries.store import messages as store
from quarterdeck.trail.deliveries.store import replays
from quarterdeck.trail.deliveries.store.replays import Part
from quarterdeck.trail.deliveries.trials import Environment, Environments, Trial
from quarterdeck.trail.log.ports import Reader

MOST_TRIED = 20
"""Of the messages of a rehearsal; the others are counted."""

UNTESTED = (
    "replay a small batch first; all but transient failures want a fix, and a trial "
    "(--dry-run, or --environment with the name of a sandbox)"
)


class ReplayNotFound(NotFound):
    """No such replay, or none that this actor may see."""


class UnknownEnvironment(Invalid):
    """No sandbox of that name is configured."""


def environment_of(name: str, here: Environment, sandboxes: Environments) -> Environment:
    """The environment of that name; empty: this installation.

    Raises:
        UnknownEnvironment: says which there are, and how one is configured.
    """
    if not name:
        return here
    if name not in sandboxes:
        there = ", ".join(sandboxes) or "none"
        raise UnknownEnvironment(
            f"no environment {name[:80]!r}; configured: {there}. Name one in the setting "
            "sandboxes (QUARTERDECK_SANDBOXES), as dev=https://dev.example.com"
        )
    return sandboxes[name]


def rehearse(work: Work, reader: Reader, order: Order, where: Environment) -> Rehearsal:
    """What ``order`` would do; nothing changes.

    ``work`` must be one that reads: a trial is a transaction of its own. In a sandbox the
    records themselves go there: ``tell_tested`` first.
    """
    among, wanted = _meant(work, order)
    matching = store.count(work.db, among, wanted)
    chosen = store.letters(work.db, among, wanted, None, order.max_count)
    _check_found(order, chosen)
    tried = chosen[:MOST_TRIED]
    trials = {one.id: _trial(work, reader, one, where) for one in tried}
    return Rehearsal(
        consumer=order.consumer,
        environment=order.environment,
        matching=matching,
        chosen=len(chosen),
        trials=trials,
    )


def tell_tested(work: Work, order: Order) -> None:
    """Publish that the records which ``rehearse`` tries in a sandbox go there."""
    among, wanted = _meant(work, order)
    most = min(order.max_count, MOST_TRIED)
    for one in store.letters(work.db, among, wanted, None, most):
        work.publish(_tested(order, one))


def begin_replay(work: Work, order: Order) -> str:
    """Have the dead letters of ``order`` delivered once more; the id to watch that by."""
    among, wanted = _meant(work, order)
    found = store.letters(work.db, among, wanted, None, order.max_count)
    _check_found(order, found)
    replay = work.new_id()
    if not found:
        raise DeadLetterNotFound(f"{order.consumer} has no dead letter that matches {order.filter}")
    chosen = store.schedule(work.db, among, found, replay, work.now)
    words = order.filter or f"message={order.message}"
    for tenant, count in sorted(Counter(one.log for one in chosen).items()):
        replays.add(
            work.db,
            Part(
                id=replay,
                tenant=tenant,
                consumer=order.consumer,
                actor=work.actor.id,
                filter=words,
                at=work.now,
                chosen=count,
            ),
        )
        work.publish(
            DeadLettersReplayed(
                tenant=tenant,
                replay=replay,
                consumer=order.consumer,
                messages=count,
                filter=words,
                incident=order.incident,
            )
        )
    return replay


def report(work: Work, reader: Reader, replay: str) -> Report:
    """How a replay goes: what became of its messages, new dead letters, lag, health.

    Raises:
        ReplayNotFound: there is none, or it had nothing of a tenant that one may see.
    """
    among = work.tenants(READS)
    parts = replays.parts(work.db, among, replay)
    if not parts:
        raise ReplayNotFound(f"no replay {replay[:80]!r} that you may see")
    first = parts[0]
    mine = Tenants(frozenset(part.tenant for part in parts))
    since = Wanted(consumer=first.consumer, dead_since=first.at, quarantined=True)
    queue = queries.queue_of(work, reader, first.consumer)
    return Report(
        id=replay,
        consumer=first.consumer,
        actor=first.actor,
        at=first.at,
        filter=first.filter,
        chosen=sum(part.chosen for part in parts),
        succeeded=sum(part.succeeded for part in parts),
        failed=sum(part.failed for part in parts),
        new=store.count(work.db, mine, since),
        lag=queue.active,
        oldest_s=queue.oldest_s,
        standing=queue.standing,
    )


def advice(chosen: Sequence[Message]) -> str:
    """What to know about replaying these: the transient ones need no trial."""
    return "" if all(one.kind == Kind.TRANSIENT for one in chosen) else UNTESTED


def _meant(work: Work, order: Order) -> tuple[Tenants, Wanted]:
    among = work.tenants(REPLAYS)
    order.check()
    wanted = replace(order.wanted, unlocked_at=work.now)
    if wanted.tenant:
        among = work.require(REPLAYS, wanted.tenant)
    known(work, order.consumer)
    return among, wanted


def _check_found(order: Order, found: Sequence[Message]) -> None:
    if order.message and not found:
        raise DeadLetterNotFound(
            f"{order.consumer} has no dead letter {order.message[:100]!r} that can be replayed: "
            "it is none, or in quarantine, or somebody has received it just now"
        )


def _trial(work: Work, reader: Reader, one: Message, where: Environment) -> Trial:
    if known(work, one.consumer).queue == QUEUE:
        return Trial(applied=None, error="a fact of the platform: what it does is not undone")
    entries = tuple(reader.entries(one.log, one.index, 1))
    if not entries:
        return Trial(applied=False, error="the log has no such entry any more")
    return where.trial(
        one.consumer, Batch(log=one.log, first=one.index, entries=entries, again=True)
    )


def _tested(order: Order, one: Message) -> DeadLetterTested:
    return DeadLetterTested(
        tenant=one.log,
        consumer=order.consumer,
        message=one.id,
        environment=order.environment,
    )
