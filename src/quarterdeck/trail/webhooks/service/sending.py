"""Sends what waits: signed, again after a pause, and ten times at most."""

import json
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from time import monotonic

from sqlalchemy import Engine

from quarterdeck.events.trail_exports import WebhookChanged
from quarterdeck.kernel.clock import Clock, instant, micros
from quarterdeck.kernel.db import reading, storable, writing
from quarterdeck.kernel.ids import uuid7
from quarterdeck.kernel.work import ANY, Actor, Tenants, Work, begin
from quarterdeck.trail.deliveries.message import USUAL_KIND, Message
from quarterdeck.trail.deliveries.model import Batch, Failure, Reason
from quarterdeck.trail.deliveries.model import State as MessageState
from quarterdeck.trail.deliveries.ports import Consumer
from quarterdeck.trail.deliveries.store import messages
from quarterdeck.trail.export.formats import cloud_event
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.model import Leaf
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.record import Class, members
from quarterdeck.trail.policy.model import Treatment
from quarterdeck.trail.projections.model import seen
from quarterdeck.trail.proof.tree import leaf_hash
from quarterdeck.trail.query.model import fits
from quarterdeck.trail.query.redaction import view_of
from quarterdeck.trail.webhooks import store
from quarterdeck.trail.webhooks.model import (
    ATTEMPTS,
    GONE,
    MEDIA_TYPE,
    SIGNATURE,
    Answer,
    Attempt,
    Delivery,
    State,
    Webhook,
    pause_after,
    signature,
)
from quarterdeck.trail.webhooks.ports import Sender
from quarterdeck.trail.webhooks.service import control
from quarterdeck.trail.webhooks.service.secret import secrets_of

NAME, QUEUE = "webhook-sender", "webhook-queue"
EVERY = Tenants(frozenset({ANY}))
ITSELF = Actor("quarterdeck", frozenset())
AT_ONCE = 50
LEASE_US = 60_000_000
PATIENCE_S, AT_A_TIME = 0.5, 32
TURN_S = 20.0
"""A turn ends then, after the request under way: well within the lease of what it holds."""

TEST = b'{"specversion":"1.0","id":"test","source":"/quarterdeck","type":"webhook:test"}'


def consumer() -> Consumer:
    """Hears of every record, and has it sent to who wants it. A dead letter that is replayed
    is sent again to all who want it.
    """
    return Consumer(name=NAME, queue=QUEUE, apply=_enqueue, heeds=store.tenants)


def _enqueue(work: Work, batch: Batch) -> None:
    hooks = store.of_tenants(work.db, Tenants(frozenset({batch.log})))
    if not hooks:
        return
    now = micros(work.now)
    for at, entry in enumerate(batch.entries):
        index = batch.first + at
        # A removed record has no entry: nothing of it is sent.
        if not entry:
            continue
        one, record = seen(index, entry), str(members(entry)["id"])
        store.enqueue(
            work.db,
            [
                Delivery(
                    webhook=hook.id,
                    tenant=batch.log,
                    index=index,
                    record=record,
                    attempts=0,
                    due_at=now,
                    since=now,
                )
                for hook in hooks
                if hook.state is not State.GONE and index >= hook.begins and fits(hook.wanted, one)
            ],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One process's sender. Each webhook has its turn beside the others': one whose receiver is
    slow, or fails, holds up itself alone.

    Attributes:
        patience_s: how long a beat waits for the turns that it began; those that take longer
            go on by themselves.
    """

    engine: Engine
    reader: Reader
    keys: KeyStore
    sender: Sender
    clock: Clock
    patience_s: float = PATIENCE_S
    _turns: dict[str, Future[int]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_A_TIME, "send"))

    def beat(self) -> int:
        """Give each webhook its turn that has none; how many were tried in turns that ended."""
        with reading(self.engine) as db:
            hooks = [one for one in store.of_tenants(db, EVERY) if one.state is State.ACTIVE]
        for hook in hooks:
            if hook.id not in self._turns:
                self._turns[hook.id] = self._pool.submit(self._send_due, hook)
        ended, _ = wait(self._turns.values(), self.patience_s)
        for name in [name for name, turn in self._turns.items() if turn in ended]:
            del self._turns[name]
        return sum(turn.result() for turn in ended)

    def close(self) -> None:
        """Begin no turn any more, and wait for those under way."""
        self._pool.shutdown(cancel_futures=True)

    def test(self, work: Work, webhook_id: str) -> Attempt:
        """Send a webhook a test at once."""
        hook = control.webhook(work, webhook_id)
        attempt = self._tried(hook, TEST, None, 1)[1]
        store.tell(work.db, attempt)
        work.publish(WebhookChanged(tenant=hook.tenant, webhook=hook.id, how="tested"))
        return attempt

    def _send_due(self, hook: Webhook) -> int:
        now = micros(self.clock())
        with writing(self.engine) as db:
            due = store.due(db, hook.id, now, AT_ONCE)
            held = [one for one in due if store.move(db, one, now + LEASE_US, one.attempts)]
        until = monotonic() + TURN_S
        for count, one in enumerate(held, 1):
            sent = self._send(hook, replace(one, due_at=now + LEASE_US))
            if not sent or monotonic() > until:
                self._let_go(held[count:], now)
                return count
        return len(held)

    def _let_go(self, left: Sequence[Delivery], now: int) -> None:
        with writing(self.engine) as db:
            for one in left:
                store.move(db, replace(one, due_at=now + LEASE_US), one.due_at, one.attempts)

    def _send(self, hook: Webhook, one: Delivery) -> bool:
        body = self._body(one)
        if body is None:
            with writing(self.engine) as db:
                store.done(db, one)
            return True
        answer, attempt = self._tried(hook, body, one.index, one.attempts + 1)
        with begin(self.engine, ITSELF, self.clock) as work:
            store.tell(work.db, attempt)
            if answer.taken:
                store.done(work.db, one)
            else:
                self._failed(work, hook, one, attempt)
        return answer.taken

    def _body(self, one: Delivery) -> bytes | None:
        """The record as who holds no role sees it; None where it was removed."""
        (entry,) = self.reader.entries(one.tenant, one.index, 1) or (b"",)
        if not entry:
            return None
        leaf = Leaf(index=one.index, hash=leaf_hash(entry), entry=entry)
        view = view_of(leaf, 0, _public)
        return json.dumps(cloud_event(view), sort_keys=True, separators=(",", ":")).encode()

    def _tried(
        self, hook: Webhook, body: bytes, index: int | None, number: int
    ) -> tuple[Answer, Attempt]:
        now = self.clock()
        secrets = secrets_of(self.keys, hook, micros(now))
        headers = {
            "Content-Type": MEDIA_TYPE,
            "User-Agent": "Quarterdeck",
            SIGNATURE: signature(secrets, int(now.timestamp()), body),
        }
        began = monotonic()
        answer = self.sender.send(hook.url, headers, body)
        attempt = Attempt(
            id=uuid7(now),
            webhook=hook.id,
            tenant=hook.tenant,
            index=index,
            number=number,
            status=answer.status,
            error=storable(answer.error),
            took_ms=round((monotonic() - began) * 1000),
            at=micros(now),
        )
        return answer, attempt

    def _failed(self, work: Work, hook: Webhook, one: Delivery, attempt: Attempt) -> None:
        if attempt.status == GONE:
            store.put(work.db, Tenants(frozenset({hook.tenant})), replace(hook, state=State.GONE))
            work.publish(WebhookChanged(tenant=hook.tenant, webhook=hook.id, how="gone"))
        elif attempt.number < ATTEMPTS:
            due_at = micros(self.clock() + pause_after(attempt.number))
            store.move(work.db, one, due_at, attempt.number)
            return
        store.done(work.db, one)
        dead = self._dead(hook, one, attempt)
        # Another webhook may have failed to take the same record.
        messages.remove(work.db, NAME, one.tenant, one.index)
        messages.add(work.db, [dead])

    def _dead(self, hook: Webhook, one: Delivery, attempt: Attempt) -> Message:
        said = "gave no answer" if attempt.status is None else f"answered {attempt.status}"
        words = f"webhook {hook.id} ({hook.url}) {said}: {attempt.error}"
        now = self.clock()
        return Message(
            consumer=NAME,
            log=one.tenant,
            index=one.index,
            id=one.record,
            state=MessageState.DEAD,
            deliveries=attempt.number,
            due_at=now,
            failure=Failure(reason=Reason.DELIVERY_COUNT, error=storable(words), final=True),
            kind=USUAL_KIND[Reason.TTL],  # transient: receivers come back
            enqueued_at=instant(one.since),
            first_at=instant(one.since),
            dead_at=now,
        )


def _public(cls: str) -> Treatment:
    return Treatment.SHOW if cls == Class.PUBLIC else Treatment.HIDE
