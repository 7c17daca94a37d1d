"""SLOs as packs declare them, each an OpenSLO document; named TENANT/SLO."""

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.slos.model.openslo import Slo
from quarterdeck.operations.slos.reading import read
from quarterdeck.operations.slos.service import applying, looking
from quarterdeck.operations.slos.service.applying import NoSuchSlo
from quarterdeck.operations.slos.writing import write
from quarterdeck.packs.naming import Misnamed, parts

Spec = Mapping[str, Any]
SHAPE = "TENANT/SLO"


class SloSpec(msgspec.Struct, forbid_unknown_fields=True):
    """An SLO in the words of OpenSLO v1."""

    openslo: str

    def __post_init__(self) -> None:
        """Write it out as what stands is: so the same SLO compares as the same."""
        self.openslo = write([self.slo()])

    def slo(self) -> Slo:
        """What it comes to."""
        found = read(self.openslo).objects
        if len(found) != 1 or not isinstance(found[0], Slo):
            raise Invalid("expected one document of kind SLO")
        return found[0]


def slo(work: Work, name: str) -> Spec | None:
    """The SLO of that name, as a spec."""
    tenant, called = parts(name, SHAPE)
    try:
        return {"openslo": applying.export(work, tenant, called)}
    except (NoSuchSlo, TenantNotFound):
        return None


def put_slo(work: Work, name: str, spec: SloSpec) -> None:
    """Set the SLO of that name."""
    tenant, called = parts(name, SHAPE)
    [one] = read(spec.openslo).objects
    if one.metadata.name != called:
        raise Misnamed(f"{name[:80]} holds the SLO {one.metadata.name}")
    applying.apply(work, tenant, spec.openslo)


def slo_names(work: Work) -> list[str]:
    """Every SLO that is set."""
    return [f"{one.tenant}/{one.name}" for one in looking.slos(work)]
