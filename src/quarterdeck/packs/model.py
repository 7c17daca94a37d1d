"""Packs: policy data of one deployment, as a folder of YAML to read, compare and apply."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from typing_extensions import override

from quarterdeck.kernel.errors import Invalid


class UnreadablePack(Invalid):
    """The folder is no pack; the message names file and line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands: a file of the pack, and its line from 1."""

    file: str
    line: int

    @override
    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One piece of policy: of a kind, by a name that is its own within the kind."""

    kind: str
    name: str
    spec: Mapping[str, Any]
    place: Place


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a pack, and where."""

    place: Place
    what: str


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
