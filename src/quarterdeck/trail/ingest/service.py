"""The trail's place among the subscribers: every fact that is to leave a leaf leaves one."""

from quarterdeck.events import EVENTS
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.trail.ingest.model import UnknownEvent, draft_of, policy_of
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import tag
from quarterdeck.trail.log.appender import append, open_log
from quarterdeck.trail.log.condition import SUBSCRIBER
from quarterdeck.trail.log.record import PLATFORM_SOURCE

IDEMPOTENCY = "trail idempotency v1"
POLICY = policy_of(EVENTS)


def subscriber(keys: KeyStore) -> Subscriber:
    """The trail, as the worker delivers to it."""

    def receive(work: Work, fact: Fact) -> None:
        ingest(work, keys, fact)

    return Subscriber(name=SUBSCRIBER, receive=receive)


def ingest(work: Work, keys: KeyStore, fact: Fact) -> None:
    """Append the leaf of ``fact``, in the transaction that holds the subscriber's place.

    A fact that comes again leaves no second leaf.

    Raises:
        UnknownEvent: a newer version wrote it; deliver it again after the upgrade.
        KeyMissing, KeyUnusable: the tenant's keys are not as they should be.
    """
    kind = EVENTS.get(fact.name)
    if kind is None:
        raise UnknownEvent(f"no event {fact.name} is known; upgrade, then deliver it again")
    if not kind.leaf:
        return
    open_log(work.db, keys, fact.tenant)
    draft = draft_of(
        fact,
        kind,
        received_at=micros(work.now),
        policy=POLICY,
        idempotency=tag(keys.derived(fact.tenant, IDEMPOTENCY), PLATFORM_SOURCE, fact.id),
    )
    append(work.db, keys, draft, work.now)
