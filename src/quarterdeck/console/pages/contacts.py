"""/contacts: whom to reach, by what, and how soon they answer."""

from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from fastapi import Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console.fields import Long, Short, Version, Word, by_commas
from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.contacts import service
from quarterdeck.operations.contacts.model import (
    LONGEST_MIN,
    MAX_LEVEL,
    Channel,
    Contact,
    Kept,
    Means,
    Section,
    UnusableContact,
    words_of,
)
from quarterdeck.operations.contacts.service import READ, WRITE
from quarterdeck.web.deps import By, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

HERE = "/contacts"
REFUSED = 422
TITLES = {
    Section.ON_CALL: "On call",
    Section.ESCALATION: "Escalation",
    Section.EXPERT: "Experts",
    Section.STAKEHOLDER: "Stakeholders",
    Section.VENDOR: "Vendors",
    Section.CUSTOMER: "Customers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The form of a contact. Channels stand one a line: ``mail ada@example.com``."""

    of: str = PLATFORM
    name: str = ""
    title: str = ""
    section: Section = Section.STAKEHOLDER
    level: int = 0
    channels: str = ""
    responds_in_min: int = 0
    coverage: str = ""
    topics: str = ""
    tenants: str = ""
    critical_only: bool = False
    note: str = ""
    expected: int = 0

    @classmethod
    def of_kept(cls, kept: Kept) -> "Wanted":
        """The form that would leave a contact as it is."""
        one = kept.contact
        return cls(
            of=kept.tenant,
            name=one.name,
            title=one.title,
            section=one.section,
            level=one.level,
            channels="\n".join(map(_line, one.channels)),
            responds_in_min=one.responds_in_min or 0,
            coverage=one.coverage,
            topics=", ".join(one.topics),
            tenants=", ".join(one.tenants),
            critical_only=one.critical_only,
            note=one.note,
            expected=kept.version,
        )

    def contact(self) -> Contact:
        """What it comes to; raise UnusableContact."""
        return Contact(
            name=self.name.strip(),
            title=self.title.strip(),
            section=self.section,
            level=self.level,
            channels=tuple(map(_channel, filter(str.strip, self.channels.splitlines()))),
            responds_in_min=self.responds_in_min or None,
            coverage=self.coverage.strip(),
            topics=by_commas(self.topics),
            tenants=by_commas(self.tenants),
            critical_only=self.critical_only,
            note=self.note.strip(),
        )


@router.get(HERE, response_class=HTMLResponse, **needs(READ))
def directory(frame: InFrame, q: Word = "", edit: Word = "") -> HTMLResponse:
    """The directory by section; with ``edit``, TENANT/NAME of one, a form for it."""
    return _page(frame, q, _asked(frame, edit))


def wanted_of(  # noqa: PLR0913, PLR0917  each a field of the form
    of: Short = PLATFORM,
    name: Short = "",
    title: Short = "",
    section: Annotated[Section, Form()] = Section.STAKEHOLDER,
    level: Annotated[int, Form(ge=0, le=MAX_LEVEL)] = 0,
    channels: Long = "",
    responds_in_min: Annotated[int, Form(ge=0, le=LONGEST_MIN)] = 0,
    coverage: Short = "",
    topics: Long = "",
    tenants: Long = "",
    critical_only: Annotated[bool, Form()] = False,  # noqa: FBT002  a field of the form
    note: Short = "",
    expected: Version = 0,
) -> Wanted:
    """What the form says."""
    return Wanted(
        of=of,
        name=name,
        title=title,
        section=section,
        level=level,
        channels=channels,
        responds_in_min=responds_in_min,
        coverage=coverage,
        topics=topics,
        tenants=tenants,
        critical_only=critical_only,
        note=note,
        expected=expected,
    )


@router.post(HERE, response_class=HTMLResponse, **needs(WRITE))
def put(request: Request, actor: By, wanted: Annotated[Wanted, Depends(wanted_of)]) -> Response:
    """Enter a contact, or change it; what is refused is said beside it."""
    try:
        with changing(request, actor) as work:
            work.require(WRITE, wanted.of)
            service.put(work, wanted.of, wanted.contact(), expected=wanted.expected)
    except (Invalid, Conflict) as refusal:
        with looking(request, actor) as frame:
            return _page(frame, "", wanted, str(refusal))
    return see(f"{HERE}#{wanted.of}-{wanted.name.strip()}")


@router.post(HERE + "/{tenant}/{name}/delete", **needs(WRITE))
def delete(work: InWork, tenant: str, name: str, expected: Version = 0) -> RedirectResponse:
    """Take a contact out of the directory; ``expected``: its version on the page, if it says."""
    service.remove(work, tenant, name, expected=expected or None)
    return see(HERE)


def _page(frame: Frame, q: str, wanted: Wanted | None, refused: str = "") -> HTMLResponse:
    every = service.directory(frame.work, frame.shell.tenant)
    shown = [kept for kept in every if _fits(kept, q)]
    sections = [
        (TITLES[section], list(found))
        for section, found in groupby(shown, key=lambda kept: kept.contact.section)
    ]
    return frame.show(
        "contacts.html",
        REFUSED if refused else 200,
        many=len(every),
        sections=sections,
        q=q,
        wanted=wanted or Wanted(of=frame.shell.tenant or PLATFORM),
        editing=wanted is not None,
        refused=refused,
        titles=TITLES,
        means=list(Means),
    )


def _asked(frame: Frame, edit: str) -> Wanted | None:
    tenant, _, name = edit.partition("/")
    if not name:
        return None
    try:
        return Wanted.of_kept(service.one(frame.work, tenant, name))
    except NotFound:
        return None


def _fits(kept: Kept, q: str) -> bool:
    one = kept.contact
    texts = (one.name, one.title, one.coverage, one.note, *one.topics, *one.tenants)
    addresses = (channel.address for channel in one.channels)
    said = words_of([*texts, *addresses])
    return all(any(word in each for each in said) for word in words_of([q]))


def _channel(line: str) -> Channel:
    means, _, rest = line.strip().partition(" ")
    address, _, note = rest.partition(" | ")
    if means not in {one.value for one in Means}:
        raise UnusableContact(
            f"{line.strip()[:80]!r}: expected how and where, as: mail ada@example.com; "
            f"how is one of {', '.join(Means)}"
        )
    return Channel(means=Means(means), address=address.strip(), note=note.strip())


def _line(channel: Channel) -> str:
    note = f" | {channel.note}" if channel.note else ""
    return f"{channel.means.value} {channel.address}{note}"
