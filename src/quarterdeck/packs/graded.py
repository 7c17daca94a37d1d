"""Severities as packs declare them: one ladder a tenant, named by its id, or _platform."""

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.severities import service
from quarterdeck.operations.severities.model import Flag, Ladder, Notice

Spec = Mapping[str, Any]


class SeveritySpec(msgspec.Struct, forbid_unknown_fields=True):
    """A severity, and what follows from it."""

    name: str
    title: str
    definition: str = ""
    aliases: list[str] = []
    respond_min: int | None = None
    resolve_min: int | None = None
    policy: str = ""
    channels: list[str] = []
    ticket: bool = True
    priority: str = ""
    assignee: bool = False
    war_room_min: int | None = None
    update_min: int | None = None
    notice: Notice = Notice.NONE
    notice_min: int = 0
    freeze: bool = False
    team: dict[str, str] = {}


class ExampleSpec(msgspec.Struct, forbid_unknown_fields=True):
    """An incident that is of a severity."""

    text: str
    severity: str
    impact: str
    urgency: str
    flags: list[Flag] = []


class TaskSpec(msgspec.Struct, forbid_unknown_fields=True):
    """Something to do."""

    text: str
    within_min: int | None = None


class KindSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A kind of incident, and what to do first."""

    name: str
    title: str
    severity: str
    by: dict[str, str] = {}
    flags: list[Flag] = []
    triggers: list[str] = []
    declares: bool = False
    checklist: list[TaskSpec] = []
    runbook: str = ""


class LadderSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A tenant's severities, the worst first, and its matrix."""

    severities: list[SeveritySpec]
    impacts: dict[str, str] = {}
    urgencies: dict[str, str] = {}
    matrix: dict[str, dict[str, str]] = {}
    flags: dict[Flag, str] = {}
    examples: list[ExampleSpec] = []
    kinds: list[KindSpec] = []

    def __post_init__(self) -> None:
        """Refuse what no ladder can be."""
        self.ladder()

    def ladder(self) -> Ladder:
        """What it comes to."""
        return msgspec.convert(msgspec.to_builtins(self), Ladder)


def ladder(work: Work, name: str) -> Spec | None:
    """The ladder that a tenant has of its own, as a spec."""
    try:
        found = service.own(work, name)
    except TenantNotFound:
        return None
    if found is None:
        return None
    # By way of the form: lists and tuples are the same in YAML, and not in Python.
    plain: Spec = msgspec.to_builtins(msgspec.convert(msgspec.to_builtins(found), LadderSpec))
    return plain


def put_ladder(work: Work, name: str, spec: LadderSpec) -> None:
    """Have a tenant's severities be so."""
    service.put(work, name, spec.ladder())


def ladder_names(work: Work) -> list[str]:
    """The tenants that have severities of their own."""
    return service.owners(work)
