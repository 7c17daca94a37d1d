"""/audiences: who is told of incidents, and in which words."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console.fields import Long, Short, Version, Word, by_commas
from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.audiences import service
from quarterdeck.operations.audiences.model import Audience, Kept, names_for
from quarterdeck.operations.audiences.service import READ, WRITE
from quarterdeck.operations.severities.model import Flag
from quarterdeck.web.deps import By, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

HERE = "/audiences"
REFUSED = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The form of an audience; what it names stands between commas."""

    of: str = PLATFORM
    name: str = ""
    title: str = ""
    subject: str = "${incident} ${status}: ${symptom}"
    text: str = "${update}"
    channels: str = ""
    contacts: str = ""
    customers: bool = False
    severities: str = ""
    flags: tuple[Flag, ...] = ()
    expected: int = 0

    @classmethod
    def of_kept(cls, kept: Kept) -> "Wanted":
        """The form that would leave an audience as it is."""
        one = kept.audience
        return cls(
            of=kept.tenant,
            name=one.name,
            title=one.title,
            subject=one.subject,
            text=one.text,
            channels=", ".join(one.channels),
            contacts=", ".join(one.contacts),
            customers=one.customers,
            severities=", ".join(one.severities),
            flags=one.flags,
            expected=kept.version,
        )

    def audience(self) -> Audience:
        """What it comes to; raise UnusableAudience."""
        return Audience(
            name=self.name.strip(),
            title=self.title.strip(),
            subject=self.subject.strip(),
            text="\n".join(self.text.splitlines()),
            channels=by_commas(self.channels),
            contacts=by_commas(self.contacts),
            customers=self.customers,
            severities=by_commas(self.severities),
            flags=self.flags,
        )


@router.get(HERE, response_class=HTMLResponse, **needs(READ))
def listed(frame: InFrame, edit: Word = "") -> HTMLResponse:
    """Every audience, whole; with ``edit``, TENANT/NAME of one, a form for it."""
    return _page(frame, _asked(frame, edit))


def wanted_of(  # noqa: PLR0913, PLR0917  each a field of the form
    of: Short = PLATFORM,
    name: Short = "",
    title: Short = "",
    subject: Short = "",
    text: Long = "",
    channels: Long = "",
    contacts: Long = "",
    customers: Annotated[bool, Form()] = False,  # noqa: FBT002  a field of the form
    severities: Short = "",
    flag: Annotated[list[Flag] | None, Form()] = None,
    expected: Version = 0,
) -> Wanted:
    """What the form says."""
    return Wanted(
        of=of,
        name=name,
        title=title,
        subject=subject,
        text=text,
        channels=channels,
        contacts=contacts,
        customers=customers,
        severities=severities,
        flags=tuple(flag or ()),
        expected=expected,
    )


@router.post(HERE, response_class=HTMLResponse, **needs(WRITE))
def put(request: Request, actor: By, wanted: Annotated[Wanted, Depends(wanted_of)]) -> Response:
    """Keep an audience, or change it; what is refused is said beside it."""
    try:
        with changing(request, actor) as work:
            work.require(WRITE, wanted.of)
            service.put(work, wanted.of, wanted.audience(), expected=wanted.expected)
    except (Invalid, Conflict) as refusal:
        with looking(request, actor) as frame:
            return _page(frame, wanted, str(refusal))
    return see(f"{HERE}#{wanted.of}-{wanted.name.strip()}")


@router.post(HERE + "/{tenant}/{name}/delete", **needs(WRITE))
def delete(work: InWork, tenant: str, name: str, expected: Version = 0) -> RedirectResponse:
    """Take an audience away; ``expected``: its version on the page, if it says."""
    service.remove(work, tenant, name, expected=expected or None)
    return see(HERE)


def _page(frame: Frame, wanted: Wanted | None, refused: str = "") -> HTMLResponse:
    return frame.show(
        "audiences.html",
        REFUSED if refused else 200,
        found=service.listed(frame.work, frame.shell.tenant),
        wanted=wanted or Wanted(of=frame.shell.tenant or PLATFORM),
        editing=wanted is not None,
        refused=refused,
        flags=list(Flag),
        inside=names_for(customers=False),
        outside=names_for(customers=True),
    )


def _asked(frame: Frame, edit: str) -> Wanted | None:
    tenant, _, name = edit.partition("/")
    if not name:
        return None
    try:
        return Wanted.of_kept(service.one(frame.work, tenant, name))
    except NotFound:
        return None
