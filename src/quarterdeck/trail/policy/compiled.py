"""A classification made ready: what becomes of a field, from its path alone, kept for the next."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import Any

import msgspec
from prometheus_client import Counter

from quarterdeck.trail.policy.model import (
    REGEX,
    STANDARD,
    STRICTEST,
    Classification,
    Rule,
)

MOST_SHAPES, MOST_PATHS, MAX_PATH = 2000, 2000, 400
MOST_PLANS, MOST_NAMES = 4096, 64
BUDGET_S = 0.005
ANY_DEPTH = "**"

FALLBACKS = Counter(
    "quarterdeck_classification_fallback_total",
    "Events that took too long to classify, and so got the strictest class.",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a field.

    Attributes:
        subject: see ``Rule.subject``.
        deep: a rule may say otherwise of what is below it.
    """

    cls: str
    subject: str
    deep: bool


STRICT = Verdict(STRICTEST, "actor", deep=False)


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What becomes of the members of a payload, from their names alone.

    Attributes:
        starts: how each begins as JSON text.
        paths, verdicts: of each.
        classes: class by path, in their order; ``text`` says the same in canonical JSON.
        clear: none of them is committed.
        deep: of those whose verdict says so, their places.
    """

    starts: tuple[bytes, ...]
    paths: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    classes: dict[str, str]
    text: bytes
    clear: bool
    deep: tuple[int, ...]


class Shape:
    """What the rules say of events of one action and one resource type."""

    def __init__(self, rules: tuple[Rule, ...], default: str) -> None:
        self.retention = next((r.retention for r in rules if r.retention), STANDARD)
        self._rules = tuple((_pattern(r.path), r) for r in rules if r.path)
        self._default = default
        self.known: dict[str, Verdict] = {}

    def verdict(self, path: str) -> Verdict:
        """What becomes of the field at ``path``; ``known`` has it from then on."""
        found = self.known.get(path)
        if found is None:
            found = self._judged(path)
            if len(self.known) < MOST_PATHS:
                self.known[path] = found
        return found

    def _judged(self, path: str) -> Verdict:
        if len(path) > MAX_PATH:
            return STRICT
        deep = False
        for pattern, rule in self._rules:
            if pattern.covers(path):
                return Verdict(rule.cls, rule.subject, deep)
            deep = deep or pattern.reaches(path)
        return Verdict(self._default, "actor", deep)


class Classifier:
    """A classification, compiled. One thread at a time calls it.

    Args:
        budget_s: what one event may take; what it takes longer gets the strictest class.
        seconds: a clock that never steps back.
    """

    def __init__(
        self,
        classification: Classification,
        *,
        budget_s: float = BUDGET_S,
        seconds: Callable[[], float] = perf_counter,
    ) -> None:
        self.classification = classification
        self.digest = classification.digest
        self.budget_s, self.seconds = budget_s, seconds
        self.plans: dict[tuple[Shape, tuple[str, ...]], Plan] = {}
        self._shapes: dict[tuple[str, str], Shape] = {}

    def shape(self, action: str, resource: str) -> Shape:
        """What it says of events of this action on resources of this type."""
        found = self._shapes.get((action, resource))
        if found is None:
            found = self._made(action, resource)
            if len(self._shapes) < MOST_SHAPES:
                self._shapes[(action, resource)] = found
        return found

    def _made(self, action: str, resource: str) -> Shape:
        rules = tuple(
            rule
            for rule in self.classification.rules
            if _glob(rule.action).fullmatch(action) and _glob(rule.resource).fullmatch(resource)
        )
        return Shape(rules, str(self.classification.default))


class Timed:
    """``Shape.verdict`` for one event, within the budget."""

    __slots__ = ("_classifier", "_shape", "_until", "over")

    def __init__(self, classifier: Classifier, shape: Shape) -> None:
        self._classifier, self._shape = classifier, shape
        self._until: float | None = None
        self.over = False

    def plan(self, names: tuple[str, ...]) -> Plan | None:
        """The plan that was kept for payloads of these names."""
        return self._classifier.plans.get((self._shape, names))

    def keep(self, names: tuple[str, ...], plan: Plan) -> None:
        """Have the next payload of these names divided by ``plan``."""
        plans = self._classifier.plans
        if not self.over and len(plans) < MOST_PLANS and len(names) <= MOST_NAMES:
            plans[self._shape, names] = plan

    def verdict(self, path: str) -> Verdict:
        """As ``Shape.verdict``; the strictest once the time is over."""
        found = self._shape.known.get(path)
        if found is not None:
            return found
        now = self._classifier.seconds()
        if self._until is None:
            self._until = now + self._classifier.budget_s
        if self.over or now > self._until:
            return self._strict()
        found = self._shape.verdict(path)
        return found if self._classifier.seconds() <= self._until else self._strict()

    def _strict(self) -> Verdict:
        if not self.over:
            self.over = True
            FALLBACKS.inc()
        return STRICT


def retention_of(document: Mapping[str, Any], action: str, resource: str) -> str:
    """The retention class that a classification gives to a record."""
    return Classifier(Classification.of(document)).shape(action, resource).retention


@dataclass(frozen=True, slots=True)
class Glob:
    """A path with ``*`` for part of a name and ``**`` for any depth."""

    parts: tuple[str, ...]

    def covers(self, path: str) -> bool:
        """Whether it names ``path``, or what it stands in."""
        names = path.split("/")
        if self.parts[-1] == ANY_DEPTH:
            below = self.parts[:-1]
            return len(names) >= len(below) and _all_match(below, names)
        return len(names) >= len(self.parts) and _all_match(self.parts, names)

    def reaches(self, path: str) -> bool:
        """Whether it may name something below ``path``."""
        names = path.split("/")
        return len(self.parts) > len(names) and _all_match(self.parts[: len(names)], names)


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression for a whole path."""

    compiled: re.Pattern[str]

    def covers(self, path: str) -> bool:
        """Whether it matches ``path``."""
        return self.compiled.fullmatch(path) is not None

    def reaches(self, _path: str) -> bool:
        """It may: nobody can tell."""
        return True


def _pattern(path: str) -> Glob | Expression:
    if path.startswith(REGEX):
        return Expression(re.compile(path.removeprefix(REGEX)))
    return Glob(tuple(path.split("/")))


def _all_match(parts: tuple[str, ...], names: list[str]) -> bool:
    return all(_glob(part).fullmatch(name) for part, name in zip(parts, names, strict=False))


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    # Several stars in one name would be tried against each other: one star is all there is.
    return re.compile(re.sub(r"(\\\*)+", ".*", re.escape(pattern)), re.DOTALL)
