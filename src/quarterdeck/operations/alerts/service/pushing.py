"""Alerts that others push, as Prometheus does, and how they end by themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Engine, Row

from quarterdeck.events.operations import AlertEnded
from quarterdeck.kernel.clock import Clock, instant, micros
from quarterdeck.kernel.db import BULK_ROWS, reading
from quarterdeck.kernel.work import Actor, Tenants, Work, begin
from quarterdeck.operations.alerts.labels import fingerprint
from quarterdeck.operations.alerts.model import Sign
from quarterdeck.operations.alerts.pushed import Push, Span, merged
from quarterdeck.operations.alerts.service.signs import relabel, told
from quarterdeck.operations.alerts.store import live
from quarterdeck.operations.alerts.store.live import words_of
from quarterdeck.operations.alerts.store.table import alert_of

ITSELF = Actor("quarterdeck", frozenset())


@dataclass(frozen=True, slots=True)
class _One:
    """A push with what is worked out of it once."""

    push: Push
    fingerprint: str
    sign: Sign


def push(work: Work, tenant: str, pushed: Sequence[Push]) -> None:
    """Take alerts in: new ones begin, known ones go on, those that are over end.

    One that is over and was never heard of leaves nothing. The last of several with the same
    labels holds.
    """
    own = work.require("alerts:push", tenant)
    ones = {one.sign.key: one for one in (_one(tenant, push) for push in pushed)}
    keys = sorted(ones)
    old = live.known(work.db, own, keys) if keys else {}
    fresh = [ones[key] for key in keys if key not in old and _lasts(ones[key].push, work.now)]
    _begin(work, own, fresh)
    _go_on(work, own, [(ones[key], old[key]) for key in keys if key in old])


def expire(engine: Engine, clock: Clock) -> int:
    """End alerts whose time has passed, some at a time; how many. For a worker's pulse."""
    with reading(engine) as db:
        found = live.expired(db, clock())
    by: Callable[[Row[Any]], str] = lambda row: row.tenant  # noqa: E731  sorts and groups alike
    for tenant, rows in groupby(sorted(found, key=by), key=by):
        with begin(engine, ITSELF, clock) as work:
            own = Tenants(frozenset({tenant}))
            ended = live.expire(work.db, own, [row.id for row in rows], work.now)
            _tell_ended(work, ended)
    return len(found)


def firing(work: Work, tenant: str, keys: Sequence[str]) -> set[str]:
    """Those of ``keys`` under which an alert fires, for who pushed them."""
    own = work.require("alerts:push", tenant)
    found: set[str] = set()
    for at in range(0, len(keys), BULK_ROWS):
        found |= live.known(work.db, own, keys[at : at + BULK_ROWS]).keys()
    return found


def _lasts(push: Push, now: datetime) -> bool:
    return push.ends_at is None or push.ends_at > now


def _one(tenant: str, push: Push) -> _One:
    printed = fingerprint(push.labels)
    return _One(push, printed, push.sign(tenant))


def _begin(work: Work, own: Tenants, fresh: Sequence[_One]) -> None:
    if not fresh:
        return
    rows = [
        live.row_of(one.sign, work.now, one.fingerprint)
        | {
            "starts_at": micros(one.push.starts_at),
            "expires_at": None if one.push.ends_at is None else micros(one.push.ends_at),
            "guessed": one.push.guessed,
        }
        for one in fresh
    ]
    made = live.add(work.db, own, rows)
    for one in fresh:
        if one.sign.key in made:
            work.publish(told(one.sign, made[one.sign.key]))


def _go_on(work: Work, own: Tenants, pairs: Sequence[tuple[_One, Row[Any]]]) -> None:
    if not pairs:
        return
    rows, over = [], []
    for one, row in pairs:
        span = merged(_span(row), _said(one.push), work.now)
        rows.append(_pushed(one, row.id, span, work.now))
        if span.ends_at is not None and span.ends_at <= work.now:
            over.append(row.id)
    live.renew(work.db, own, rows)
    for one, row in pairs:
        if one.push.known_as is not None:
            relabel(work, own, alert_of(row), one.sign)
    if over:
        _tell_ended(work, live.expire(work.db, own, over, work.now))


def _span(row: Row[Any]) -> Span:
    ends_at = None if row.expires_at is None else instant(row.expires_at)
    return Span(starts_at=instant(row.starts_at), ends_at=ends_at, guessed=row.guessed)


def _said(push: Push) -> Span:
    return Span(starts_at=push.starts_at, ends_at=push.ends_at, guessed=push.guessed)


def _pushed(one: _One, alert: int, span: Span, now: datetime) -> dict[str, Any]:
    return {
        "alert": alert,
        "_severity": one.sign.severity,
        "_title": one.sign.title,
        "_annotations": words_of(one.sign.annotations),
        "_generator_url": one.sign.generator_url,
        "_starts_at": micros(span.starts_at),
        "_seen_at": micros(now),
        "_expires_at": None if span.ends_at is None else micros(span.ends_at),
        "_guessed": span.guessed,
    }


def _tell_ended(work: Work, ended: Sequence[Row[Any]]) -> None:
    for row in ended:
        work.publish(AlertEnded(tenant=row.tenant, alert=str(row.id), type=row.type))
