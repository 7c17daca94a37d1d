"""What was promised of services, and whether it is kept; and where nothing may be changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.console.frame import Frame
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.changes import service as changes
from quarterdeck.operations.changes.model import Freeze
from quarterdeck.operations.slos.model.standing import Standing, Verdict
from quarterdeck.operations.slos.service import applying
from quarterdeck.operations.slos.service import looking as slos
from quarterdeck.operations.slos.service.looking import Shown

SHOWN = 8
MARKS = {
    Verdict.EXHAUSTED: "critical",
    Verdict.BURNING: "warning",
    Verdict.UNKNOWN: "unknown",
    Verdict.MET: "ok",
}
"""From the worst to the best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Objectives, those in trouble first, and freezes that are in force.

    Attributes:
        many: how many objectives there are, of which the first few are shown.
    """

    shown: Sequence[tuple[Shown, Standing]]
    many: int
    freezes: Sequence[Freeze]


def promises(frame: Frame) -> Promises:
    """What is promised in what is looked at, as far as the actor may see."""
    tenant = frame.shell.tenant
    found = slos.slos(frame.work, tenant) if frame.holds(applying.READ) else []
    pairs = [(slo, one) for slo in found for one in slo.objectives]
    pairs.sort(key=lambda pair: [*MARKS].index(pair[1].verdict))
    known = changes.freezes(frame.work) if frame.holds(changes.READ) else []
    here = [one for one in known if not tenant or one.tenant in (tenant, PLATFORM)]
    return Promises(shown=pairs[:SHOWN], many=len(pairs), freezes=here)
