"""What one round makes of a rule: its state, and what began, goes on and passed. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from quarterdeck.kernel.clock import MICROSECOND
from quarterdeck.operations.alerts.labels import fingerprint
from quarterdeck.operations.rules import measures
from quarterdeck.operations.rules.instance import GAP, Instance, Seen, Terms, advance
from quarterdeck.operations.rules.model import (
    Comparison,
    Rule,
    Standing,
    State,
    Threshold,
    worst,
)

LOW = (Comparison.BELOW, Comparison.AT_MOST)
NO_SERIES = "no series has a point"
NO_NUMBER = "what comes out is no number (NaN)"

Known = Mapping[str, Instance]
"""What of a rule is pending or fires, by the fingerprint of its labels."""


class RuleFailed(Exception):
    """A rule cannot be evaluated; the words say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read for a round.

    Attributes:
        series: by metric.
        faults: why a metric could not be read, by its name.
    """

    series: measures.By
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a round says of a rule.

    Attributes:
        live: what is pending or fires now.
        changed: those of them that are not as they were kept.
        gone: what passed.
    """

    standing: Standing
    live: Known
    changed: Sequence[Instance] = ()
    gone: Sequence[Instance] = ()


def look(rule: Rule, facts: Facts, at: datetime) -> list[Seen]:
    """What the data says of each thing that a rule watches.

    Raises:
        RuleFailed: says why nothing can be said.
    """
    condition = rule.condition
    if not isinstance(condition, Threshold):
        raise RuleFailed("Prometheus evaluates it")
    _check(condition.measure, facts)
    try:
        found = measures.read(condition.measure, facts.series, at)
        return [_seen(condition, one) for one in found]
    except (ArithmeticError, ValueError) as error:
        raise RuleFailed(f"its numbers cannot be worked out: {error}") from error


def outcome(rule: Rule, old: Known, seen: Sequence[Seen], not_before: int, at: datetime) -> Outcome:
    """What a rule's things come to after a look at them.

    Raises:
        RuleFailed: two of them would be one alert, and when one passed the other would end.
    """
    terms = terms_of(rule, not_before)
    looked = {fingerprint(one.labels): one for one in seen}
    live: dict[str, Instance] = {}
    gone = []
    for printed in {**old, **looked}:
        then = old.get(printed)
        now = advance(then, looked.get(printed), terms)
        if now is not None:
            live[printed] = now
        elif then is not None:
            gone.append(then)
    _check_apart(rule, [*(one.labels for one in live.values()), *(one.labels for one in seen)])
    changed = [one for printed, one in live.items() if one != old.get(printed)]
    return Outcome(
        standing=standing(rule, live, seen, not_before, at), live=live, changed=changed, gone=gone
    )


def failed(old: Known, why: str, at: datetime) -> Outcome:
    """Of a rule that cannot be evaluated: all stays as it was, and none of it is known."""
    firing = sum(one.state is State.FIRING for one in old.values())
    live = {printed: replace(one, known=False, why=why[:1000]) for printed, one in old.items()}
    said = Standing(
        state=State.ERROR,
        reason=why[:1000],
        firing=firing,
        pending=len(old) - firing,
        unknown=len(old),
        series=len(old),
        at=at,
    )
    changed = [one for printed, one in live.items() if one != old[printed]]
    return Outcome(standing=said, live=live, changed=changed)


def terms_of(rule: Rule, not_before: int) -> Terms:
    """How long a rule's condition must hold."""
    own = rule.condition.measure.late_after if isinstance(rule.condition, Threshold) else None
    return Terms(
        hold=rule.hold // MICROSECOND,
        keep=rule.keep // MICROSECOND,
        gap=max(GAP, own // MICROSECOND if own else 0),
        not_before=not_before,
    )


def standing(
    rule: Rule, live: Known, seen: Sequence[Seen], not_before: int, at: datetime
) -> Standing:
    """The state of a rule by those of its things."""
    blind = [one for one in seen if one.holds is None or one.newest <= not_before]
    lost = [one for one in live.values() if not one.known]
    firing = sum(one.state is State.FIRING for one in live.values())
    states = [one.state for one in live.values() if one.known or one.state is State.FIRING]
    states += [State.UNKNOWN] if blind or lost else [State.INACTIVE] if seen else []
    return Standing(
        state=worst(states),
        reason=_reason(seen, blind, lost),
        value=_farthest(rule, [one.value for one in seen if one.value is not None]),
        firing=firing,
        pending=len(live) - firing,
        unknown=len(_prints(blind) | _prints(lost)),
        series=len(live.keys() | _prints(seen)),
        at=at,
    )


def _prints(found: Sequence[Seen] | Sequence[Instance]) -> set[str]:
    return {fingerprint(one.labels) for one in found}


def _check(measure: measures.Measure, facts: Facts) -> None:
    for one in measure.selectors:
        if one.name in facts.faults:
            raise RuleFailed(facts.faults[one.name])


def _check_apart(rule: Rule, things: Sequence[Mapping[str, str]]) -> None:
    alerts: dict[frozenset[tuple[str, str]], Mapping[str, str]] = {}
    for one in things:
        other = alerts.setdefault(frozenset(rule.labelled(one).items()), one)
        if other != one:
            raise RuleFailed(
                f"{_words(other)} and {_words(one)} would be one alert: by which labels they "
                "differ, the rule's own hide"
            )


def _words(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}={value!r}" for name, value in sorted(labels.items())) + "}"


def _seen(condition: Threshold, one: measures.Reading) -> Seen:
    value = None if one.value is None or math.isnan(one.value) else one.value
    return Seen(
        labels=one.labels,
        holds=None if value is None else condition.holds(value),
        value=value,
        newest=one.newest,
        why=one.why if value == one.value else NO_NUMBER,
    )


def _reason(seen: Sequence[Seen], blind: Sequence[Seen], lost: Sequence[Instance]) -> str:
    if not seen and not lost:
        return NO_SERIES
    whys = [one.why or "the clock was set back" for one in blind] + [one.why for one in lost]
    return whys[0] if whys else ""


def _farthest(rule: Rule, values: Sequence[float]) -> float | None:
    condition = rule.condition
    low = isinstance(condition, Threshold) and condition.comparison in LOW
    pick: Callable[[Sequence[float]], float] = min if low else max
    return pick(values) if values else None
