"""The objects of OpenSLO v1 (github.com/OpenSLO/OpenSLO), as values. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.slos.model.spans import LONGEST, Span, Window

VERSION = "openslo/v1"
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
MAX_TEXT = 1050
"""Characters of a description, as OpenSLO has it."""

LEAST_RATE, MOST_RATE = Decimal("0.000001"), Decimal(1_000_000)
LEAST_LOSS = Decimal("1e-12")
"""Of what is promised: less is as good as nothing, and no number can show it."""

Spec = Mapping[str, Any]
"""What OpenSLO leaves to the source: texts, and mappings and lists of them."""


class UnusableSlo(Invalid):
    """An object that cannot be; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """How an object is called.

    Attributes:
        labels: each with one value or more.
    """

    name: str
    display_name: str = ""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise UnusableSlo(
                f"{self.name[:80]!r} is no name: at most 63 of a-z, 0-9 and -, none at its ends"
            )

    @property
    def title(self) -> str:
        """What people call it."""
        return self.display_name or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where numbers come from, and which.

    Attributes:
        ref: of a DataSource; "": ``type`` says it all.
        spec: in the words of the source.
    """

    ref: str = ""
    type: str = ""
    spec: Spec = field(default_factory=dict)


class RawType(StrEnum):
    """What a ratio that the source has made already is of."""

    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Good, or bad, of total; or a ratio as it is.

    Attributes:
        counter: whether the numbers only rise.
    """

    counter: bool = False
    good: Source | None = None
    bad: Source | None = None
    total: Source | None = None
    raw: Source | None = None
    raw_type: RawType = RawType.SUCCESS

    def __post_init__(self) -> None:
        counted = (self.good is not None) + (self.bad is not None)
        if self.raw is not None:
            if counted or self.total is not None:
                raise UnusableSlo("a ratioMetric has raw, or good or bad of total; not both")
        elif counted != 1 or self.total is None:
            raise UnusableSlo("a ratioMetric has total, and either good or bad")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A number that each objective compares."""

    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that SLOs are of."""

    metadata: Metadata
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """Where metrics are asked for."""

    metadata: Metadata
    type: str
    description: str = ""
    connection: Spec = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sli:
    """What is measured."""

    metadata: Metadata
    measure: Ratio | Threshold
    description: str = ""

    @property
    def sources(self) -> list[Source]:
        """Whoever is asked for it."""
        of = self.measure
        every = [of.good, of.bad, of.total, of.raw] if isinstance(of, Ratio) else [of.source]
        return [one for one in every if one is not None]


class Budgeting(StrEnum):
    """How a budget is counted.

    By events; by slices of time, each good or bad; or by the mean of the slices' ratios.
    """

    OCCURRENCES = "Occurrences"
    TIMESLICES = "Timeslices"
    RATIO_TIMESLICES = "RatioTimeslices"


class Op(StrEnum):
    """How a number is compared."""

    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"

    def holds(self, value: float, limit: float) -> bool:
        """Whether ``value`` is on the good side of ``limit``."""
        if self in (Op.LT, Op.LTE):
            return value < limit or (self is Op.LTE and value == limit)
        return value > limit or (self is Op.GTE and value == limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What was promised.

    Attributes:
        target: from 0 to 1. OpenSLO has it below 1; that nothing may fail is ours.
        op, value: of a number, when it is good.
        slice_target: of a slice, from which share on it is good.
    """

    target: Decimal
    display_name: str = ""
    op: Op | None = None
    value: Decimal | None = None
    slice_target: Decimal | None = None
    slice_window: Span | None = None

    def __post_init__(self) -> None:
        if not 0 < self.target <= 1:
            raise UnusableSlo(f"a target is above 0 and at most 1, got {self.target}")
        if self.target < 1 and Fraction(self.target) > 1 - Fraction(LEAST_LOSS):
            raise UnusableSlo(f"a target is 1, or at least {LEAST_LOSS:e} below it")
        if self.slice_target is not None and not 0 <= self.slice_target <= 1:
            raise UnusableSlo(f"a timeSliceTarget is from 0 to 1, got {self.slice_target}")


class Severity(StrEnum):
    """Whom a burning budget calls."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCondition:
    """A burn rate that somebody wants to hear of.

    Attributes:
        lookback: over how long it is measured.
        after: how long it must last.
    """

    metadata: Metadata
    severity: str
    op: Op
    threshold: Decimal
    lookback: Span
    after: Span | None = None
    description: str = ""

    def __post_init__(self) -> None:
        if self.threshold and not LEAST_RATE <= self.threshold <= MOST_RATE:
            raise UnusableSlo(
                f"a threshold is 0, or from {LEAST_RATE} to {MOST_RATE}, got {self.threshold}"
            )
        if self.op in (Op.LT, Op.LTE):
            raise UnusableSlo(f"a burn rate is too high by gt or gte, never too low: got {self.op}")
        for one in (self.lookback, self.after):
            if one is not None and one.length > LONGEST:
                raise UnusableSlo(f"a burn rate is of at most {LONGEST.days} days, got {one}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotificationTarget:
    """Who is told; routing decides how."""

    metadata: Metadata
    target: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """Which conditions, and who is told. A text refers to an object of that name."""

    metadata: Metadata
    conditions: tuple[str | AlertCondition, ...]
    targets: tuple[str | AlertNotificationTarget, ...]
    when_no_data: bool = False
    when_resolved: bool = False
    when_breaching: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """An SLO.

    Attributes:
        indicator: what is measured; a text refers to an SLI of that name.
        policies: a text refers to an AlertPolicy of that name.
    """

    metadata: Metadata
    service: str
    indicator: str | Sli
    window: Window
    budgeting: Budgeting
    objectives: tuple[Objective, ...]
    policies: tuple[str | AlertPolicy, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        if not self.objectives:
            raise UnusableSlo("an SLO has at least one objective")
        for objective in self.objectives:
            self._check(objective)

    def _check(self, one: Objective) -> None:
        timed = self.budgeting is not Budgeting.OCCURRENCES
        if timed and one.slice_window is None:
            raise UnusableSlo(f"{self.budgeting} need a timeSliceWindow in each objective")
        if self.budgeting is Budgeting.TIMESLICES and one.slice_target is None:
            raise UnusableSlo("Timeslices need a timeSliceTarget in each objective")
        if one.slice_window is not None and one.slice_window.length > self.window.span.length:
            raise UnusableSlo("a slice is no longer than its window")
        if isinstance(self.indicator, Sli) and isinstance(self.indicator.measure, Threshold):
            check_threshold(one)


def check_threshold(one: Objective) -> tuple[Op, Decimal]:
    """When a number is good; refuse an objective that does not say it."""
    if one.op is None or one.value is None:
        raise UnusableSlo("an objective of a thresholdMetric needs op and value")
    return one.op, one.value


Object = Slo | Sli | Service | DataSource | AlertPolicy | AlertCondition | AlertNotificationTarget

KINDS: dict[str, type[Object]] = {
    "Service": Service,
    "DataSource": DataSource,
    "SLI": Sli,
    "AlertNotificationTarget": AlertNotificationTarget,
    "AlertCondition": AlertCondition,
    "AlertPolicy": AlertPolicy,
    "SLO": Slo,
}
"""By the word of OpenSLO; those that others refer to come first."""


def kind_of(one: Object) -> str:
    """The word of OpenSLO for what ``one`` is."""
    return next(word for word, kind in KINDS.items() if isinstance(one, kind))
