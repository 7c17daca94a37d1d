"""What is counted of an objective, slice by slice. Pure."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.slos.model.openslo import (
    Budgeting,
    DataSource,
    Objective,
    Op,
    Ratio,
    RawType,
    Sli,
    Slo,
    Source,
    Spec,
    UnusableSlo,
    check_threshold,
)

FINE, COARSE = timedelta(minutes=1), timedelta(minutes=5)
LONG = timedelta(days=31)
"""Windows beyond it are cut into coarser slices, where no slice is named."""


class UnusableQuery(Invalid):
    """A source cannot make sense of what it is asked; asking again does not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Numbers of a source.

    Attributes:
        type: of the source, as ``Prometheus``.
        connection: how the source is reached, as its DataSource says.
        source: the name of its DataSource; "": it has none.
    """

    type: str
    spec: Spec
    connection: Spec
    source: str = ""

    @property
    def called(self) -> str:
        """What people call its source."""
        return f"DataSource {self.source[:80]}" if self.source else f"type {self.type[:40]}"

    @property
    def said(self) -> list[object]:
        """What is asked, and whom; how that one is reached is no part of it."""
        return [self.type, self.source, self.spec]

    def text(self, name: str = "query") -> str:
        """A word of the spec.

        Raises:
            UnusableQuery: it is not there, or no text.
        """
        found = self.spec.get(name, "")
        if not isinstance(found, str) or not found:
            raise UnusableQuery(f"metricSource.spec.{name}: expected a text")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Good, or bad, of total."""

    good: Query | None
    bad: Query | None
    total: Query
    counter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A ratio as the source has made it."""

    query: Query
    of: RawType


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A number, and when it is good."""

    query: Query
    op: Op
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is counted, and in slices of which length.

    Attributes:
        key: the same for measures that count the same of one SLO, and for no others. It says
            nothing of how a source is reached: one that moves has what was counted of it.
    """

    key: str
    what: Counts | Share | Compared
    step: timedelta
    slice_target: Decimal | None

    @property
    def type(self) -> str:
        """Of its source."""
        return self.queries()[0].type

    @property
    def of_events(self) -> bool:
        """Whether events are counted, and not one number a slice."""
        compared = isinstance(self.what, Compared) and "histogram" in self.what.query.spec
        return compared or isinstance(self.what, Counts)

    def queries(self) -> list[Query]:
        """What is asked for it."""
        if isinstance(self.what, Counts):
            return [one for one in (self.what.total, self.what.good, self.what.bad) if one]
        return [self.what.query]


@dataclass(frozen=True, slots=True)
class Counted:
    """Events of a slice of which there are data; ``total`` 0: there were none."""

    good: float
    total: float

    @property
    def usable(self) -> bool:
        """Whether they are numbers."""
        return math.isfinite(self.good) and math.isfinite(self.total)

    @property
    def kept(self) -> float:
        """The good ones: never fewer than none, nor more than all, whatever a source says."""
        return min(max(self.good, 0.0), self.total)

    @property
    def share(self) -> Fraction:
        """The good part; of nothing, all."""
        if not self.total:
            return Fraction(1)
        return Fraction(self.kept) / Fraction(self.total)


Slices = Mapping[datetime, Counted]
"""By the end of each slice; one that is not there is not known."""


def met(counted: Counted, slice_target: Decimal | None) -> bool:
    """Whether a slice is a good one."""
    return counted.share >= Fraction(Decimal(1) if slice_target is None else slice_target)


def step_of(slo: Slo, objective: Objective) -> timedelta:
    """How long a slice is."""
    if objective.slice_window is not None and slo.budgeting is not Budgeting.OCCURRENCES:
        return objective.slice_window.length
    return FINE if slo.window.span.length <= LONG else COARSE


def measure(
    tenant: str, slo: Slo, objective: Objective, sli: Sli, sources: Mapping[str, DataSource]
) -> Measure:
    """What is counted of an objective.

    Raises:
        UnusableSlo: a DataSource that is referred to is not there, or there are two.
    """
    what = _what(objective, sli, sources)
    step = step_of(slo, objective)
    said = [tenant, slo.metadata.name, _said(what), str(step), _plain(objective.slice_target)]
    return Measure(
        key=sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24],
        what=what,
        step=step,
        slice_target=objective.slice_target,
    )


def _said(what: Counts | Share | Compared) -> list[object]:
    match what:
        case Counts():
            parts = [one and one.said for one in (what.good, what.bad, what.total)]
            return ["counts", *parts, what.counter]
        case Share():
            return ["share", what.query.said, what.of]
        case Compared():
            return ["compared", what.query.said, what.op, _plain(what.value)]


def _plain(number: Decimal | None) -> str:
    """The same for the same number, however it was written."""
    return "" if number is None else f"{number.normalize():f}"


def _what(
    objective: Objective, sli: Sli, sources: Mapping[str, DataSource]
) -> Counts | Share | Compared:
    of = sli.measure
    if not isinstance(of, Ratio):
        op, value = check_threshold(objective)
        return Compared(query=_query(of.source, sources), op=op, value=value)
    if of.total is None:
        return Share(query=_query(of.raw or Source(), sources), of=of.raw_type)
    found = Counts(
        good=_query(of.good, sources) if of.good else None,
        bad=_query(of.bad, sources) if of.bad else None,
        total=_query(of.total, sources),
        counter=of.counter,
    )
    _check_one_source(found)
    return found


def _check_one_source(what: Counts) -> None:
    """One source is asked for both: parts of what another counted are no parts of it."""
    name, part = ("good", what.good) if what.good else ("bad", what.bad or what.total)
    total = what.total
    if (part.type, part.connection) != (total.type, total.connection):
        raise UnusableSlo(
            f"{name} is of {part.called} and total of {total.called}: "
            f"have {name} and total of one source, by the same type or metricSourceRef"
        )


def _query(source: Source, sources: Mapping[str, DataSource]) -> Query:
    if not source.ref:
        return Query(type=source.type, spec=source.spec, connection={})
    found = sources.get(source.ref)
    if found is None:
        raise UnusableSlo(f"no DataSource {source.ref[:80]!r}: apply it first, or with the SLO")
    return Query(type=found.type, spec=source.spec, connection=found.connection, source=source.ref)
