"""The trail's place among the subscribers: every fact that is to leave a leaf leaves one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from quarterdeck.events import EVENTS
from quarterdeck.events.trail import PolicySet
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.outbox import Fact
from quarterdeck.trail.ingest.model import UnknownEvent, draft_of, policy_of
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import tag
from quarterdeck.trail.log.appender import open_log, prepare_all
from quarterdeck.trail.log.condition import SUBSCRIBER
from quarterdeck.trail.log.model import Appended, Draft
from quarterdeck.trail.log.ports import Sequencer
from quarterdeck.trail.log.record import PLATFORM_SOURCE
from quarterdeck.trail.policy import service as policy

IDEMPOTENCY = "trail idempotency v1"
POLICY = policy_of(EVENTS)


def subscriber(engine: Engine, keys: KeyStore, sequencer: Sequencer) -> Subscriber:
    """The trail, as the worker delivers to it."""

    def take(now: datetime, facts: Sequence[Fact]) -> None:
        told, appended = ingest(engine, keys, sequencer, facts, now)
        for fact, place in zip(told, appended, strict=True):
            if fact.name == PolicySet.__name__:
                of = (fact.tenant, fact.payload["kind"], fact.payload["version"])
                policy.take_effect(engine, lambda: now, of, place.index)

    return Subscriber(name=SUBSCRIBER, take=take)


def ingest(
    engine: Engine, keys: KeyStore, sequencer: Sequencer, facts: Sequence[Fact], now: datetime
) -> tuple[list[Fact], list[Appended]]:
    """Append the leaves of ``facts``. A fact that comes again leaves no second.

    Which of them left one, and where.

    Outside of any transaction: the sequencer may be another process.

    Raises:
        UnknownEvent: a newer version wrote one; deliver it again after the upgrade.
        KeyMissing, KeyUnusable: a tenant's keys are not as they should be.
        Unavailable: nothing can be appended now; some may have been.
    """
    told = [(fact, kind) for fact, kind in zip(facts, map(_kind, facts), strict=True) if kind.leaf]
    if not told:
        return [], []
    with writing(engine) as db:
        secrets = {}
        for tenant in sorted({fact.tenant for fact, _ in told}):
            open_log(db, keys, tenant)
            secrets[tenant] = keys.derived(tenant, IDEMPOTENCY)
        drafts = [_draft(fact, kind, secrets[fact.tenant], now) for fact, kind in told]
        prepared = prepare_all(db, keys, drafts, now)
    return [fact for fact, _ in told], sequencer.append(prepared)


def _kind(fact: Fact) -> type[Event]:
    kind = EVENTS.get(fact.name)
    if kind is None:
        raise UnknownEvent(f"no event {fact.name} is known; upgrade, then deliver it again")
    return kind


def _draft(fact: Fact, kind: type[Event], secret: bytes, now: datetime) -> Draft:
    return draft_of(
        fact,
        kind,
        received_at=micros(now),
        policy=POLICY,
        idempotency=tag(secret, PLATFORM_SOURCE, fact.id),
    )
