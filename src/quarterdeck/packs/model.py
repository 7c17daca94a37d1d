"""Packs: policy data of one deployment, as a folder of YAML to read, compare and apply."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from typing_extensions import override

from quarterdeck.kernel.errors import Invalid


class UnreadablePack(Invalid):
    """The folder is no pack; the message names file and line."""


Within = tuple[str | int, ...]
"""Where within a spec: keys and, in lists, numbers from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands: a file of the pack, and its line from 1.

    Attributes:
        source: where the runbook says it: ``L249``; empty where the pack says it by itself.
    """

    file: str
    line: int
    source: str = ""

    @override
    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return f"{place} ({self.source})" if self.source else place


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One piece of policy: of a kind, by a name that is its own within the kind.

    Attributes:
        lines: of the file, by the path within ``spec`` of what stands there.
    """

    kind: str
    name: str
    spec: Mapping[str, Any]
    place: Place
    lines: Mapping[Within, int] = field(default_factory=dict)

    @property
    def tenant(self) -> str:
        """Whose it is; for a kind whose names do not say so, the name."""
        return self.name.partition("/")[0]

    def at(self, *path: str | int) -> Place:
        """Where ``path`` of the spec stands; where nothing does, what it would stand in."""
        for length in range(len(path), 0, -1):
            if (line := self.lines.get(path[:length])) is not None:
                return replace(self.place, line=line)
        return self.place


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A deployment's policy.

    Attributes:
        source: what it was taken from, for people: the runbook and its version.
        digest: SHA-256 of all its files, hex: the same pack has the same.
    """

    name: str
    title: str
    source: str
    version: str
    items: tuple[Item, ...]
    digest: str


class Grade(StrEnum):
    """How much a finding weighs.

    ``error``: the pack is not applied. ``warning``: it may be, and somebody should see to it.
    ``settled``: a ruling of the pack says what holds.
    """

    ERROR = "error"
    WARNING = "warning"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a pack, and where.

    Attributes:
        key: the name that a ruling on it has; empty where nothing can settle it.
        also: the other places that it takes to be wrong.
        ruling: what was ruled, ``ruled_at`` where; empty: nothing.
    """

    place: Place
    what: str
    grade: Grade = Grade.ERROR
    key: str = ""
    also: tuple[Place, ...] = ()
    ruling: str = ""
    ruled_at: Place | None = None

    @property
    def places(self) -> tuple[Place, ...]:
        """All of them, the first first."""
        return (self.place, *self.also)


class Step(StrEnum):
    """What applying a pack does to one item."""

    ADD = "add"
    CHANGE = "change"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One item of a pack against what stands.

    Attributes:
        before: what stands; None where nothing does.
    """

    item: Item
    step: Step
    before: Mapping[str, Any] | None
