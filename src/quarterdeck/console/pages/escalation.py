"""/escalation: who is told, and who next where nobody answers."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import HTMLResponse, Response

from quarterdeck.console.fields import Version
from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.escalation.document import written
from quarterdeck.operations.escalation.service import linting, policies
from quarterdeck.operations.escalation.service.policies import READ, WRITE
from quarterdeck.web.deps import By
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

HERE = "/escalation"
REFUSED = 422
EXAMPLE = """\
description: On-call, then whoever plans shifts
acknowledged_holds: 4h
levels:
  - name: L1
    targets: [schedule primary]
    notify_at: 0
    engage_at: 0
    repeat_every: 5m
    repeat_most: 2
  - name: L2
    targets: [schedule secondary]
    engage_at: {SEV-1: 30m, SEV-2: 1h}
"""
Edit = Annotated[str, Query(max_length=300)]
Words = Annotated[str, Form(max_length=300_000)]
Short = Annotated[str, Form(max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The form of a policy; ``expected``: its version when somebody began to write, 0: none."""

    of: str
    name: str = ""
    text: str = EXAMPLE
    why: str = ""
    expected: int = 0


@router.get(HERE, response_class=HTMLResponse, **needs(READ))
def listed(frame: InFrame, edit: Edit = "") -> HTMLResponse:
    """Each policy: its levels, and what of it will tell nobody."""
    return _page(frame, _asked(frame, edit))


@router.post(HERE, response_class=HTMLResponse, **needs(WRITE))
def apply(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    of: Short = PLATFORM,
    name: Short = "",
    text: Words = "",
    why: Short = "",
    expected: Version = 0,
) -> Response:
    """Have a policy hold from now on; what is refused is said beside it."""
    plain, called = text.replace("\r\n", "\n"), name.strip()
    try:
        with changing(request, actor) as work:
            policies.apply(work, of, called, plain, why=why, expected=expected)
    except (Invalid, Conflict) as refusal:
        wanted = Wanted(of=of, name=name, text=text, why=why, expected=expected)
        with looking(request, actor) as frame:
            return _page(frame, wanted, str(refusal))
    return see(f"{HERE}#{of}-{called}")


def _page(frame: Frame, wanted: Wanted, refused: str = "") -> HTMLResponse:
    found = policies.listed(frame.work, frame.shell.tenant)
    notes = {
        (one.version.tenant, one.version.name): linting.notes(
            frame.work, one.version.tenant, one.policy
        )
        for one in found
    }
    return frame.show(
        "escalation.html",
        REFUSED if refused else 200,
        found=found,
        faults={place: said for place, said in notes.items() if said},
        wanted=wanted,
        refused=refused,
    )


def _asked(frame: Frame, edit: str) -> Wanted:
    tenant, _, name = edit.partition("/")
    fresh = Wanted(of=frame.shell.tenant or PLATFORM)
    if not name:
        return fresh
    try:
        found = policies.one(frame.work, tenant, name)
    except NotFound:
        return fresh
    return Wanted(of=tenant, name=name, text=written(found.spec), expected=found.version.version)
