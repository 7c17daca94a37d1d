"""Policies as documents: what people write, and what is kept and frozen. Pure."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct

from quarterdeck.kernel.composing import Unreadable, compose, lined
from quarterdeck.operations.escalation import path, tree
from quarterdeck.operations.escalation.model.faults import UnusableEscalation
from quarterdeck.operations.escalation.model.policy import (
    ANY,
    Kind,
    Level,
    Policy,
    Target,
    Times,
    Until,
)
from quarterdeck.operations.escalation.severity import named
from quarterdeck.operations.escalation.spans import read as span
from quarterdeck.operations.escalation.spans import read_time, written_time

LARGEST, MOST_NODES = 256 * 1024, 20_000

Said = str | int
TimesSaid = Said | dict[str, Said | None]


class LevelSpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A level as it is written. A time that stands alone is of every severity."""

    name: str
    targets: list[str]
    title: str = ""
    by: list[str] = []
    notify_at: TimesSaid = {}
    engage_at: TimesSaid = {}
    only_with: list[str] = []
    at_once_with: list[str] = []
    repeat_every: Said = ""
    repeat_most: int = 0
    note: str = ""

    def level(self) -> Level:
        """What it comes to."""
        return Level(
            name=self.name,
            title=self.title,
            targets=tuple(map(target, self.targets)),
            by=tuple(self.by),
            notify_at=_times(self.notify_at),
            engage_at=_times(self.engage_at),
            only_with=frozenset(self.only_with),
            at_once_with=frozenset(self.at_once_with),
            repeat_every=span(str(self.repeat_every)) if self.repeat_every else None,
            repeat_most=self.repeat_most,
            note=self.note,
        )


class PolicySpec(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A policy as it is written, under the name that is its address.

    ``escalation_path`` is how runbook 000 writes the levels; it is read into ``levels``.
    """

    levels: list[LevelSpec] = []
    description: str = ""
    acknowledged_holds: Said = ""
    engages_until: Literal["acknowledged", "resolved"] = "acknowledged"
    then: str = ""
    then_after: Said = ""
    external: dict[str, str] = {}
    decide: Any = None
    escalation_path: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Put it as what stands is put, so that the same compares as the same."""
        if self.escalation_path is not None:
            self._read_path(self.escalation_path)
        plain = self.policy("a" if self.then != "a" else "b")  # its own stands in its address
        self.levels = [_level_spec(level) for level in plain.levels]
        holds, after = plain.acknowledged_holds, plain.then_after
        self.acknowledged_holds = "" if holds is None else written_time(holds)
        self.then_after = written_time(after) if plain.then else ""
        self.decide = tree.checked(self.decide, [level.name for level in plain.levels])

    def policy(self, name: str) -> Policy:
        """What it comes to, under a name."""
        holds = str(self.acknowledged_holds)
        return Policy(
            name=name,
            description=self.description,
            levels=tuple(one.level() for one in self.levels),
            acknowledged_holds=span(holds) if holds else None,
            engages_until=Until(self.engages_until),
            then=self.then,
            then_after=span(str(self.then_after) or "0"),
            external=tuple(self.external.items()),
        )

    def _read_path(self, said: Mapping[str, Any]) -> None:
        if self.levels:
            raise UnusableEscalation("levels stand there twice: in levels and in escalation_path")
        self.levels = [_level_spec(level) for level in path.levels(said)]
        self.external = {**self.external, **dict(path.external(said))}
        self.escalation_path = None


def read(text: str) -> PolicySpec:
    """The policy that somebody wrote, in YAML or JSON; raise UnusableEscalation."""
    if len(text) > LARGEST:
        raise UnusableEscalation(f"a policy has at most {LARGEST} characters")
    try:
        node = compose(text, MOST_NODES)
        with lined():
            # Each scalar as it is written: 1:30 is no number of seconds, and no is no truth.
            found = yaml.constructor.BaseConstructor().construct_document(node)
        return msgspec.convert(found, PolicySpec, strict=False)
    except (Unreadable, msgspec.ValidationError) as error:
        raise UnusableEscalation(str(error)) from error


def kept(text: str) -> PolicySpec:
    """A policy that was kept."""
    return msgspec.json.decode(text, type=PolicySpec)


def text_of(spec: PolicySpec) -> str:
    """A policy, to be kept."""
    return msgspec.json.encode(spec).decode()


def written(spec: PolicySpec) -> str:
    """What ``read`` reads, as people write it."""
    said = msgspec.to_builtins(spec)
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=100)


def spec_of(policy: Policy) -> PolicySpec:
    """A policy as a document: what a page freezes."""
    holds = policy.acknowledged_holds
    return PolicySpec(
        levels=[_level_spec(level) for level in policy.levels],
        description=policy.description,
        acknowledged_holds="" if holds is None else written_time(holds),
        engages_until=policy.engages_until.value,
        external=dict(policy.external),
    )


def target(said: str) -> Target:
    """``schedule primary`` as a target."""
    kind, _, name = said.strip().partition(" ")
    if kind not in {one.value for one in Kind} or not name.strip():
        raise UnusableEscalation(
            f"{said[:80]!r} is no target; expected a kind and a name, as: schedule primary; "
            f"the kinds are {', '.join(Kind)}"
        )
    return Target(Kind(kind), name.strip())


def _times(said: TimesSaid) -> Times:
    if not isinstance(said, dict):
        return {ANY: read_time(said)}
    return {_severity(word): read_time(at) for word, at in said.items()}


def _severity(word: str) -> str:
    found = ANY if word == ANY else named(word)
    if not found:
        raise UnusableEscalation(f"{word[:80]!r} is no severity; as SEV-1, P1, critical, or {ANY}")
    return found


def _level_spec(level: Level) -> LevelSpec:
    return LevelSpec(
        name=level.name,
        title=level.title,
        targets=[str(one) for one in level.targets],
        by=list(level.by),
        notify_at={word: written_time(at) for word, at in level.notify_at.items()},
        engage_at={word: written_time(at) for word, at in level.engage_at.items()},
        only_with=sorted(level.only_with),
        at_once_with=sorted(level.at_once_with),
        repeat_every="" if level.repeat_every is None else written_time(level.repeat_every),
        repeat_most=level.repeat_most,
        note=level.note,
    )
