"""What SLOs tell: what was applied, budgets that burn, and what a spent budget demands."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SloObjectApplied(Event):
    """Somebody said anew what an SLO, or something that SLOs refer to, is.

    Attributes:
        kind: OpenSLO's word.
        digest: SHA-256 of its text, hexadecimal.
    """

    action: ClassVar[str] = "slos:write"
    about: ClassVar[str] = "name"
    public: ClassVar[frozenset[str]] = frozenset({"kind", "name", "digest"})
    kind: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SloObjectRemoved(Event):
    """Somebody removed an SLO, or something that SLOs refer to."""

    action: ClassVar[str] = "slos:delete"
    about: ClassVar[str] = "name"
    public: ClassVar[frozenset[str]] = frozenset({"kind", "name"})
    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SloEdge(Event):
    """Something about an objective began or ended; no event by itself.

    Attributes:
        objective: its place among those of the SLO, from 1 on.
        service: that the SLO is of; environment: empty: every one.
    """

    action: ClassVar[str] = "slos:observe"
    about: ClassVar[str] = "slo"
    slo: str
    objective: str
    service: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SloBurning(SloEdge):
    """An error budget is spent too fast.

    Attributes:
        rule: the windows and the rate, in words.
        severity: page or ticket.
    """

    leaf: ClassVar[bool] = False
    rule: str
    severity: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SloBurnEased(SloEdge):
    """An error budget is not spent too fast any more, by that rule."""

    leaf: ClassVar[bool] = False
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStepReached(SloEdge):
    """So much of an error budget is consumed that the policy demands something.

    Attributes:
        percent: the step of the policy.
        demand: features or emergency (a freeze), incident, or postmortem.
    """

    action: ClassVar[str] = "slos:demand"
    public: ClassVar[frozenset[str]] = frozenset({"slo", "objective", "percent", "demand"})
    percent: int
    demand: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStepLeft(SloEdge):
    """The budget has recovered from a step of the policy, or the SLO is there no more."""

    action: ClassVar[str] = "slos:release"
    public: ClassVar[frozenset[str]] = frozenset({"slo", "objective", "percent", "demand"})
    percent: int
    demand: str
