"""/packs: the packs that come with the product, what is wrong in each, and what it would change."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Form, Request
from starlette.responses import HTMLResponse, Response

from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.kernel.dumper import dump
from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.packs import loader
from quarterdeck.packs.model import Difference, Finding, Grade, Step
from quarterdeck.packs.shipped import Shipped, names, shipped
from quarterdeck.web.deps import By
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READS, APPLIES = needs("packs:read"), needs("packs:apply")
HERE = "/packs"
REFUSED, FORBIDDEN = 422, 403
MARKS = {Grade.ERROR: "critical", Grade.WARNING: "warning", Grade.SETTLED: "ok"}
UNSEEN = "say that you have seen what it changes, then apply it"


@dataclass(frozen=True, slots=True)
class Row:
    """A difference, with the lines of both sides for people."""

    difference: Difference
    before: str
    after: str


@router.get(HERE, response_class=HTMLResponse, **READS)
def listed(frame: InFrame) -> HTMLResponse:
    """Every pack, and how many findings it has of each grade."""
    frame.work.require("packs:read", PLATFORM)
    found = [shipped(name) for name in names()]
    grades = {one.pack.name: Counter(each.grade for each in one.findings) for one in found}
    return frame.show("packs.html", found=found, grades=grades, marks_of=MARKS, all_grades=[*Grade])


@router.get(HERE + "/{name}", response_class=HTMLResponse, **READS)
def one(frame: InFrame, name: str) -> HTMLResponse:
    """One pack: what is wrong in it, and what applying it would change here."""
    return _page(frame, shipped(name))


@router.post(HERE + "/{name}/apply", response_class=HTMLResponse, **APPLIES)
def apply(
    request: Request,
    actor: By,
    name: str,
    digest: Annotated[str, Form(max_length=64)] = "",
    seen: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Apply a pack as it was seen; what is refused is said on its page."""
    wanted = shipped(name)
    try:
        with changing(request, actor) as work:
            work.require("packs:apply", PLATFORM)
            _confirmed(wanted, digest, seen)
            loader.apply(work, wanted.files)
    except (Invalid, Conflict, Forbidden, NotFound) as refusal:
        with looking(request, actor) as frame:
            status = FORBIDDEN if isinstance(refusal, Forbidden) else REFUSED
            return _page(frame, wanted, str(refusal), status)
    return see(f"{HERE}/{name}")


def _confirmed(wanted: Shipped, digest: str, seen: str) -> None:
    if seen != "yes":
        raise Invalid(UNSEEN)
    if digest != wanted.pack.digest:
        raise Conflict("the pack is another since you saw it: look at it again")


def _page(frame: Frame, found: Shipped, refusal: str = "", status: int = 200) -> HTMLResponse:
    differences = loader.compared(frame.work, found.pack)
    judged = loader.judged(frame.work, found.pack)
    return frame.show(
        "pack.html",
        status,
        pack=found.pack,
        findings=judged,
        grades=_counted(judged),
        rows=[_row(each) for each in differences if each.step is not Step.KEEP],
        kept=sum(each.step is Step.KEEP for each in differences),
        marks_of=MARKS,
        refusal=refusal,
        may_apply=frame.allows("packs:apply", PLATFORM),
    )


def _counted(found: Sequence[Finding]) -> Counter[Grade]:
    return Counter(one.grade for one in found)


def _row(one: Difference) -> Row:
    return Row(difference=one, before=_text(one.before), after=_text(one.item.spec))


def _text(spec: Mapping[str, Any] | None) -> str:
    return dump(dict(spec)) if spec else ""
