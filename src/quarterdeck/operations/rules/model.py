"""An alert rule: a condition, how long it must hold, and what to say of it."""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.operations.rules.measures import Measure

NAME = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
RESERVED = frozenset({"catalogue", "export", "import", "test"})
LONGEST = timedelta(days=30)
MOST_LABELS, MOST_WORDS = 40, 16_384


class RuleInvalid(Invalid):
    """A rule has an error; ``errors`` says at which place of which rule."""

    def __init__(self, why: str, pointer: str = "#/text") -> None:
        super().__init__(why)
        self.errors = ({"detail": why, "pointer": pointer},)


class RuleNotFound(NotFound):
    """The tenant has no such rule, or no such version of it."""


class RuleChanged(Conflict):
    """Somebody changed the rule since it was read."""


class Comparison(StrEnum):
    """How a number is compared with the threshold."""

    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="
    EQUAL = "=="
    NOT_EQUAL = "!="


COMPARED: dict[Comparison, Callable[[float, float], bool]] = {
    Comparison.ABOVE: operator.gt,
    Comparison.AT_LEAST: operator.ge,
    Comparison.BELOW: operator.lt,
    Comparison.AT_MOST: operator.le,
    Comparison.EQUAL: operator.eq,
    Comparison.NOT_EQUAL: operator.ne,
}


EXACT = (Comparison.EQUAL, Comparison.NOT_EQUAL)
"""Those by which no number is farther out than another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A number that is beyond a limit."""

    measure: Measure
    comparison: Comparison
    value: float

    def holds(self, value: float) -> bool:
        """Whether ``value`` is beyond it."""
        return COMPARED[self.comparison](value, self.value)


def limit(value: float) -> float:
    """A number that others can be compared with; raise RuleInvalid."""
    if not math.isfinite(value):
        raise RuleInvalid(f"expected a threshold that is a number, got {value}")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """A second limit, farther out than a threshold's own: beyond it the alert is worse."""

    value: float
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromQL:
    """An expression that an attached Prometheus evaluates; we only know what it says."""

    expr: str


Condition = Threshold | PromQL


class State(StrEnum):
    """What a rule says. Worse is earlier, but for what is switched off."""

    ERROR = "error"
    FIRING = "firing"
    PENDING = "pending"
    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    DISABLED = "disabled"


MAIL = "email"
"""The kind of action that is done by itself: a mail to each recipient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is to be done beside the alert: ``email`` to some recipients."""

    type: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Where a rule stands in Prometheus' files.

    Attributes:
        file: it came from, without its ending.
        place: of the rule in the group, from 0.
        extra: what else the group says, as ``limit``.
    """

    name: str
    file: str = ""
    place: int = 0
    interval: timedelta | None = None
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as somebody wrote it.

    Attributes:
        name: it is known by, once a tenant.
        alert: the ``alertname`` of its alerts; the name where that is empty.
        hold: how long the condition must hold before it fires (``for``), by its data's time.
        keep: how long it fires on after the condition has passed.
        severity: in the words of whoever wrote it: ``critical``, ``SEV-2``.
        rises: limits farther out, the farthest last: beyond one the same alert has its severity.
        runbook: where the steps stand that answer it.
        remediation: the runbook to run by itself; it is said and not run yet.
        notification: how soon people are told, in runbook 000's words.
        words: the condition as it was written, where its form has words for it.
    """

    name: str
    condition: Condition
    alert: str = ""
    hold: timedelta = timedelta(0)
    keep: timedelta = timedelta(0)
    severity: str = "warning"
    rises: tuple[Rise, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    runbook: str = ""
    remediation: str = ""
    notification: str = ""
    actions: tuple[Action, ...] = ()
    enabled: bool = True
    group: Group | None = None
    words: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or self.name in RESERVED:
            raise RuleInvalid(
                f"rule {self.name[:80]!r}: a name has letters, digits and _ . : - "
                f"and is none of {', '.join(sorted(RESERVED))}"
            )
        if not timedelta(0) <= self.hold <= LONGEST or not timedelta(0) <= self.keep <= LONGEST:
            raise RuleInvalid(f"rule {self.name}: for and keep_firing are 30 days at most")
        if len(self.labels) > MOST_LABELS or len(self.annotations) > MOST_LABELS:
            raise RuleInvalid(f"rule {self.name}: more than {MOST_LABELS} labels, or annotations")
        if sum(map(len, (*self.labels.values(), *self.annotations.values()))) > MOST_WORDS:
            raise RuleInvalid(f"rule {self.name}: its labels and annotations are too long")
        self._check_rises()

    @property
    def alertname(self) -> str:
        """What its alerts are called."""
        return self.alert or self.name

    def labelled(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels of its alert about what has ``labels``; the rule's own come first."""
        own = {"severity": self.severity, **self.labels, "alertname": self.alertname}
        return {name: value for name, value in {**labels, **own}.items() if value}

    def severity_at(self, value: float | None) -> str:
        """How bad it is where the number is ``value``: the farthest limit that it is beyond."""
        if value is None or not isinstance(self.condition, Threshold):
            return self.severity
        beyond = COMPARED[self.condition.comparison]
        risen = [one.severity for one in self.rises if beyond(value, one.value)]
        return risen[-1] if risen else self.severity

    def _check_rises(self) -> None:
        if not self.rises:
            return
        condition = self.condition
        if not isinstance(condition, Threshold) or condition.comparison in EXACT:
            raise RuleInvalid(f"rule {self.name}: rises need a threshold that is above or below")
        limits = [condition.value, *(one.value for one in self.rises)]
        beyond = COMPARED[condition.comparison]
        if any(near == far or not beyond(far, near) for near, far in pairwise(limits)):
            raise RuleInvalid(f"rule {self.name}: each of rises is farther out than the one before")

    def likeness(self) -> tuple[object, ...]:
        """What two versions share whose alerts are about the same things."""
        measure = self.condition.measure if isinstance(self.condition, Threshold) else None
        of = (measure.selectors, measure.by) if measure else ()
        return of, self.labelled({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A rule as it was at one time.

    Attributes:
        how: ``applied``, ``enabled``, ``disabled``, ``rolled back to N`` or ``deleted``.
        why: in the words of whoever did it.
    """

    tenant: str
    name: str
    version: int
    text: str
    by: str
    at: datetime
    how: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a rule says now.

    Attributes:
        reason: of an error, or of what is not known.
        value: the number that is farthest beyond (or nearest to) the threshold.
        firing, pending, unknown, series: how many of its series are so, and there are.
        at: when it was evaluated; None: never yet.
    """

    state: State = State.UNKNOWN
    reason: str = "not evaluated yet"
    value: float | None = None
    firing: int = 0
    pending: int = 0
    unknown: int = 0
    series: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A rule as it is kept: what holds, and what it says."""

    tenant: str
    version: int
    text: str
    by: str
    at: datetime
    rule: Rule
    standing: Standing


def worst(states: Sequence[State]) -> State:
    """The state of a rule by those of its parts; nothing is known of none."""
    return min(states, key=list(State).index, default=State.UNKNOWN)
