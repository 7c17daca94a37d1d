"""The numbers that a rule looks at, drawn with its threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.console import lines
from quarterdeck.console.frame import Frame
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.metrics.spans import steps
from quarterdeck.operations.rules.model import Rule, RuleNotFound, Threshold
from quarterdeck.operations.rules.service import looking as rules
from quarterdeck.operations.rules.service import trying
from quarterdeck.operations.rules.service.trying import Drawn

SHOWN, POINTS = 6, 60
BEFORE, LONGEST = timedelta(hours=1), timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A rule's numbers in a time; ``chart`` None: none are known."""

    rule: Rule
    chart: lines.Chart | None
    drawn: Sequence[Drawn]


def chart(rule: Rule, ats: Sequence[datetime], drawn: Sequence[Drawn]) -> lines.Chart | None:
    """The first few series of a rule; None: there are none, or it has no threshold."""
    if not drawn or not isinstance(rule.condition, Threshold):
        return None
    named = [(_name(one), one.values) for one in drawn[:SHOWN]]
    return lines.chart(ats, named, rule.condition.value)


def picture(frame: Frame, alert: Alert) -> Picture | None:
    """What the rule of an alert saw of it from an hour before it began.

    None: no rule of ours has it, or none of the rule's series is the alert's.
    """
    tenant = alert.sign.tenant
    try:
        rule = rules.one(frame.work, tenant, alert.sign.type).kept.rule
    except RuleNotFound:
        return None
    ats = _instants(alert, frame.work.now)
    every = trying.drawn(frame.work, frame.runtime.metrics, tenant, [rule], ats)[rule.name]
    labels = alert.sign.labels.items()
    drawn = [one for one in every if one.labels.items() <= labels]
    if every and not drawn:
        return None
    return Picture(rule=rule, chart=chart(rule, ats, drawn), drawn=drawn)


def _instants(alert: Alert, now: datetime) -> list[datetime]:
    until = min(alert.ends_at or now, now)
    since = max(alert.starts_at - BEFORE, until - LONGEST)
    every = max(MINUTE, (until - since) // POINTS // MINUTE * MINUTE)
    ats = steps(since, until, every)
    return ats if ats and ats[-1] == until else [*ats, until]


def _name(one: Drawn) -> str:
    return " ".join(f"{name}={value}" for name, value in one.labels.items())
