"""What follows from the labels that matchers name: worked out once for all that share them.

A hundred thousand alerts have a few hundred values of those, whatever else tells them apart.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 10_000
"""So many answers are remembered; where nearly every label set has its own, they are forgotten."""


@dataclass(frozen=True, slots=True)
class ByNamed(Generic[T]):
    """Answers of ``decide``, which looks at no labels but those named ``names``."""

    names: Collection[str]
    decide: Callable[[Mapping[str, str]], T]
    known: dict[tuple[str | None, ...], T] = field(default_factory=dict)

    def of(self, labels: Mapping[str, str]) -> T:
        """What follows from a label set."""
        key = tuple(map(labels.get, self.names))
        if key in self.known:
            return self.known[key]
        if len(self.known) >= MOST:
            self.known.clear()
        found = self.known[key] = self.decide(labels)
        return found
