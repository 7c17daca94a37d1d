"""Reckons what a page owed by now, and what of it was not kept. Pure.

It reads the frozen document itself and shares no code with what plans and tells: what both had
wrong would be seen by neither.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from quarterdeck.kernel.clock import since

PART = re.compile(r"(\d+)([ywdhms])")
SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1, "y": 31_536_000}
NOTIFY, ENGAGE = "notify", "engage"
NEVER = "never"
ANSWERED, AGAIN, OVER = "acknowledged", "wanted again", "resolved"
GONE = ("failed", "dropped")
NO_TIME = timedelta(0)
LAST_CALL = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """From when on a page was so: what happened, and the severity and flags since."""

    at: datetime
    what: str
    severity: str
    flags: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A row of the ledger: a level was told, or could not be, at an instant.

    Attributes:
        at: None: not yet.
        sent: what became of each of its messages: ``sent``, ``waiting``, ``failed``, ...
    """

    level: str
    kind: str
    at: datetime | None
    told: bool
    sent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Owed:
    """A level must have been told by then."""

    level: str
    kind: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """What was not kept."""

    step: str
    level: str
    why: str


def faults(
    document: str,
    moments: Sequence[Moment],
    kept: Sequence[Kept],
    now: datetime,
    grace: timedelta,
) -> list[Fault]:
    """What of a page was not kept by ``now``, each a step; ``grace``: how late is late."""
    answers = [one.at for one in moments if one.what == ANSWERED]
    found = [
        fault
        for one in owed(document, moments, now)
        # Whoever answers in that time is told by nobody any more that they are wanted.
        if not any(one.due_at <= at <= one.due_at + grace for at in answers)
        for fault in _unkept(one, kept, now, grace)
    ]
    return [*found, *_unsent(kept, now, grace), *_unheard(moments, kept, now, grace)]


def owed(document: str, moments: Sequence[Moment], now: datetime) -> list[Owed]:
    """Which levels must have been told by ``now``, and since when each."""
    policy = _read(document)
    found: dict[tuple[str, str], Owed] = {}
    for span in _spans(moments, now):
        for one in _owed(policy, span):
            found.setdefault((one.level, one.kind), one)
    return list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """While a page was so.

    Attributes:
        opened, began: when the page was opened; later by how long it was held.
        last: it is so now: ``end`` is in it.
    """

    moment: Moment
    end: datetime
    opened: datetime
    began: datetime
    answered: bool
    last: bool


def _spans(moments: Sequence[Moment], now: datetime) -> Iterator[_Span]:
    opened = began = answered_at = moments[0].at
    answered = False
    ends = [*(one.at for one in moments[1:]), now]
    for number, (one, end) in enumerate(zip(moments, ends, strict=True), 1):
        if one.what == OVER:
            return
        if one.what == ANSWERED:
            answered, answered_at = True, one.at
        if one.what == AGAIN:
            answered, began = False, began + (one.at - answered_at)
        yield _Span(
            moment=one,
            end=end,
            opened=opened,
            began=began,
            answered=answered,
            last=number == len(moments),
        )


def _owed(policy: Mapping[str, Any], span: _Span) -> Iterator[Owed]:
    """What came due within a span; what would have been due before it is due at its start."""
    lasting = policy.get("engages_until") == "resolved"
    for level in policy["levels"]:
        for kind, offset in _offsets(level, span.moment):
            whoever = lasting and kind == ENGAGE
            due_at = max((span.opened if whoever else span.began) + offset, span.moment.at)
            within = due_at < span.end or (span.last and due_at == span.end)
            if within and (whoever or not span.answered):
                yield Owed(level["name"], kind, due_at)


@lru_cache(maxsize=256)
def _read(document: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(document)
    return read


def _offsets(level: Mapping[str, Any], at: Moment) -> Iterator[tuple[str, timedelta]]:
    """When a level is told, and when it must join; once, where that is the same."""
    at_once = bool(at.flags & set(level.get("at_once_with", ())))
    only = set(level.get("only_with", ()))
    if only and not at_once and not only & at.flags:
        return
    told, joins = (
        "0" if at_once else times.get(at.severity, times.get("any", NEVER))
        for times in (level.get("notify_at", {}), level.get("engage_at", {}))
    )
    if told not in (NEVER, joins):
        yield NOTIFY, _span(told)
    if joins != NEVER:
        yield ENGAGE, _span(joins)


def _span(said: str) -> timedelta:
    return timedelta(seconds=sum(int(n) * SECONDS[unit] for n, unit in PART.findall(said)))


def _unkept(one: Owed, kept: Sequence[Kept], now: datetime, grace: timedelta) -> Iterator[Fault]:
    # To be told to join is to be told.
    enough = (NOTIFY, ENGAGE) if one.kind == NOTIFY else (ENGAGE,)
    times = [k.at for k in kept if k.level == one.level and k.kind in enough and k.at is not None]
    step = f"{one.level}/{one.kind}"
    if not times:
        if now > one.due_at + grace:
            yield Fault(f"{step}/missing", one.level, f"due {one.due_at:%H:%M:%S}, not told")
    elif min(times) > one.due_at + grace:
        late = int((min(times) - one.due_at).total_seconds())
        yield Fault(f"{step}/late", one.level, f"told {late} s late")


def _unsent(kept: Sequence[Kept], now: datetime, grace: timedelta) -> Iterator[Fault]:
    """Levels whose messages nobody took."""
    for one in kept:
        if one.at is None or not one.sent or "sent" in one.sent:
            continue
        step = f"{one.level}/{one.kind}"
        if all(state in GONE for state in one.sent):
            yield Fault(f"{step}/refused", one.level, "nobody takes what was sent")
        elif now > one.at + grace:
            seconds = int(since(now, one.at).total_seconds())
            yield Fault(f"{step}/unsent", one.level, f"not sent for {seconds} s")


def _unheard(
    moments: Sequence[Moment], kept: Sequence[Kept], now: datetime, grace: timedelta
) -> Iterator[Fault]:
    """A page of which every level was told, or could not be, while nobody answers."""
    steps = [one for one in kept if one.kind in (NOTIFY, ENGAGE)]
    times = [one.at for one in kept if one.at is not None]
    if not steps or any(one.at is None for one in steps):
        return
    if [*_spans(moments, now)][-1].answered:
        return
    if not any(one.told for one in steps):
        yield Fault("nobody", "", "nobody could be told")
    elif len(times) == len(kept) and now > max(times) + max(grace, LAST_CALL):
        yield Fault("unanswered", "", "every level was told, and nobody answers")
