"""On-call schedules as packs declare them; named TENANT/SCHEDULE."""

from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.oncall import document
from quarterdeck.operations.oncall.model.faults import NoSuchSchedule
from quarterdeck.operations.oncall.service import looking, writing
from quarterdeck.packs.naming import parts

Spec = Mapping[str, Any]
SHAPE = "TENANT/SCHEDULE"
NAME = "schedule"


class ScheduleSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A schedule, as people write it: who takes turns, in layers. Overrides are none of it."""

    description: str = ""
    zone: str = "UTC"
    layers: list[dict[str, Any]] = []
    holidays: list[dict[str, Any]] = []

    def __post_init__(self) -> None:
        """Write it out in full, as what stands is: so the same schedules compare as the same."""
        said = yaml.safe_load(document.written(document.read(NAME, written(self))))
        for name in self.__struct_fields__:
            setattr(self, name, said.get(name, getattr(self, name)))


def written(spec: ScheduleSpec) -> str:
    """The document that people would write."""
    said = {name: value for name, value in msgspec.structs.asdict(spec).items() if value}
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True)


def schedule(work: Work, name: str) -> Spec | None:
    """The schedule of that name, as a spec."""
    tenant, called = parts(name, SHAPE)
    try:
        found = looking.one(work, tenant, called)
    except (NoSuchSchedule, TenantNotFound):
        return None
    said = yaml.safe_load(document.written(found.schedule))
    spec: Spec = msgspec.to_builtins(msgspec.convert(said, ScheduleSpec))
    return spec


def put_schedule(work: Work, name: str, spec: ScheduleSpec) -> None:
    """Have the schedule of that name hold; what was put over it stays."""
    tenant, called = parts(name, SHAPE)
    writing.apply(work, tenant, called, written(spec), why="as a pack has it")


def schedule_names(work: Work) -> list[str]:
    """Every schedule that there is."""
    return [f"{one.tenant}/{one.name}" for one in looking.listed(work)]
