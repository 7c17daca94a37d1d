"""SLOs as rules of Prometheus: what is lost in each window, and the alerts that it calls for. Pure.

The arithmetic is that of ``model/budget``: of slices of time, those that are not known lose
nothing; of events, the part that was bad. With too few events no alert fires.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from quarterdeck.kernel.dumper import dump
from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.slos.model.budget import allowed
from quarterdeck.operations.slos.model.burn import BurnRule, named
from quarterdeck.operations.slos.model.measure import Measure, UnusableQuery
from quarterdeck.operations.slos.model.openslo import Budgeting, Severity
from quarterdeck.operations.slos.planning import Planned
from quarterdeck.operations.slos.promql import Events, Level, counted

SEVERITIES = {Severity.PAGE: "critical", Severity.TICKET: "warning"}
ASKABLE = ("Prometheus", "Quarterdeck")

Rule = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A file of rules.

    Attributes:
        notes: objectives that have none, and why.
    """

    text: str
    notes: tuple[str, ...]


def rules(tenant: str, planned: Iterable[Planned]) -> Rules:
    """A group for each objective that Prometheus can judge."""
    groups, notes = [], []
    for one in planned:
        try:
            groups += _groups(tenant, one)
        except Invalid as error:
            # On one line, whatever is a title: the rest of it would be no comment any more.
            notes.append(" ".join(f"{one.slo.metadata.name}, {one.title}: {error}".split()))
    text = dump({"groups": groups}, width=10_000)
    return Rules(text="".join(f"# {note}\n" for note in notes) + text, notes=tuple(notes))


def _groups(tenant: str, planned: Planned) -> list[Rule]:
    measure = planned.measure
    if measure is None:
        raise UnusableQuery(planned.fault)
    if measure.type not in ASKABLE:
        raise UnusableQuery(f"a source of type {measure.type[:40]!r} is none of Prometheus")
    name = planned.slo.metadata.name
    writer = _Writer(planned, measure, counted(measure), {"tenant": tenant, "slo": name})
    group = f"slo-{tenant}-{name}-{planned.number}"
    quick = [*writer.slices(), *writer.windows(), *writer.alerts()]
    found: list[Rule] = [{"name": group, "interval": named(measure.step), "rules": quick}]
    # Over a whole window is much to read, and it moves slowly.
    slow = list(writer.budgets())
    return (
        [*found, {"name": f"{group}-budget", "interval": "15m", "rules": slow}] if slow else found
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    planned: Planned
    measure: Measure
    of: Events | Level
    about: dict[str, str]

    @property
    def labels(self) -> dict[str, str]:
        return {**self.about, "objective": self.planned.number}

    @property
    def timed(self) -> bool:
        """Whether slices are judged, and not events."""
        return isinstance(self.of, Level) or (
            self.planned.slo.budgeting is not Budgeting.OCCURRENCES
        )

    def slices(self) -> Iterator[Rule]:
        """How good each slice is."""
        if self.timed:
            yield self._record("slo:slice:good", self._slice())

    def windows(self) -> Iterator[Rule]:
        """What is lost in each window that a rule looks at, and how many events it had."""
        lengths = {one for rule in self.planned.rules for one in (rule.long, rule.short)}
        for length in sorted(lengths):
            yield self._record(f"slo:lost:ratio_{named(length)}", self._lost(length))
        if isinstance(self.of, Events) and not self.timed:
            for length in sorted({rule.long for rule in self.planned.rules}):
                name = named(length)
                yield self._record(f"slo:events:increase_{name}", self.of.total(name))

    def budgets(self) -> Iterator[Rule]:
        """How much of the budget is consumed; a window by the calendar is none of Prometheus'."""
        window = self.planned.slo.window
        may = allowed(self.planned.objective.target)
        if window.rolling and may:
            lost = self._lost(window.span.length)
            yield self._record("slo:budget:consumed_share", f"({lost}) / {_number(may)}")

    def alerts(self) -> Iterator[Rule]:
        """Those that burn rates call for."""
        for rule in self.planned.rules:
            yield self._alert(rule)

    def _alert(self, rule: BurnRule) -> Rule:
        slo = self.planned.slo
        return {
            "alert": "SloBurning",
            "expr": self._burning(rule),
            **({"for": named(rule.after)} if rule.after else {}),
            "labels": {
                **self.labels,
                "service": slo.service,
                "severity": SEVERITIES[rule.severity],
                "rule": rule.name,
            },
            "annotations": {
                "summary": f"The error budget of {slo.metadata.title} burns",
                "description": f"SLO {slo.metadata.name}, {self.planned.title}: over "
                f"{named(rule.long)} the budget is spent {float(rule.rate):g} times as fast as it "
                "may, or faster.",
            },
        }

    def _burning(self, rule: BurnRule) -> str:
        threshold = rule.rate * allowed(self.planned.objective.target)
        sign = ">=" if rule.inclusive and threshold else ">"
        parts = [
            f"{self._name(f'slo:lost:ratio_{named(length)}')} {sign} {_number(threshold)}"
            for length in dict.fromkeys((rule.long, rule.short))
        ]
        least = self.planned.least(rule.rate)
        if least and not self.timed:
            parts.append(f"{self._name(f'slo:events:increase_{named(rule.long)}')} >= {least}")
        return " and ".join(parts)

    def _slice(self) -> str:
        sliced = self.planned.slo.budgeting is Budgeting.TIMESLICES
        least = f"{self.measure.slice_target or 1:f}"
        if isinstance(self.of, Level):
            level = self.of.expression
            return f"({level}) >= bool {least}" if sliced else level
        window = named(self.measure.step)
        total = self.of.total(window)
        share = f"({self.of.share(window)})"
        if sliced:
            share = f"({share} >= bool {least})"
        # A slice in which nothing happened let nobody down.
        return f"{share} or ({total} == 0) + 1"

    def _lost(self, length: timedelta) -> str:
        name = named(length)
        if isinstance(self.of, Level) and self.planned.slo.budgeting is Budgeting.OCCURRENCES:
            return f"1 - avg_over_time({self._name('slo:slice:good')}[{name}])"
        if isinstance(self.of, Level) or self.timed:
            slices, good = length // self.measure.step, self._name("slo:slice:good")
            return f"(count_over_time({good}[{name}]) - sum_over_time({good}[{name}])) / {slices}"
        return f"1 - ({self.of.share(name)})"

    def _name(self, record: str) -> str:
        pairs = ", ".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"{record}{{{pairs}}}"

    def _record(self, name: str, expression: str) -> Rule:
        return {"record": name, "expr": expression, "labels": self.labels}


def _number(exact: Fraction) -> str:
    return f"{float(exact):.12g}"
