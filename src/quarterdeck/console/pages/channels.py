"""/channels: named ways out of a tenant, whether they work, and how people are reached."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console.fields import Long, Short, Version, Word
from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import read
from quarterdeck.operations.channels.model.channel import MAX_SECRET, SECRETS, Channel, Kept, Kind
from quarterdeck.operations.channels.service import keeping, reaching
from quarterdeck.operations.channels.service.keeping import READ, WRITE
from quarterdeck.operations.messages.model import Filter, Message
from quarterdeck.operations.messages.service import looking as told
from quarterdeck.operations.messages.service import testing
from quarterdeck.operations.messages.service.testing import TEST
from quarterdeck.web.deps import By, InWork, runtime_of
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

HERE = "/channels"
REFUSED = 422
TITLES = {
    Kind.EMAIL: "Mail",
    Kind.SLACK: "Slack",
    Kind.TEAMS: "Teams",
    Kind.PAGERDUTY: "PagerDuty",
    Kind.WEBHOOK: "Webhook",
    Kind.JIRA: "Jira",
    Kind.ROOMS: "Slack, a channel for each incident",
    Kind.APPRISE: "Apprise",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The form of a channel. Recipients stand one a line."""

    of: str = PLATFORM
    name: str = ""
    kind: Kind = Kind.SLACK
    to: str = ""
    place: str = ""
    url: str = ""
    secret: str = ""
    mention: bool = False
    note: str = ""
    expected: int = 0

    @classmethod
    def of_kept(cls, kept: Kept) -> "Wanted":
        """The form that would leave a channel as it is."""
        one = kept.channel
        return cls(
            of=kept.tenant,
            name=one.name,
            kind=one.kind,
            to="\n".join(one.to),
            place=one.place,
            url=one.url,
            mention=one.mention,
            note=one.note,
            expected=kept.version,
        )

    def channel(self) -> Channel:
        """What it comes to; raise UnusableChannel."""
        return Channel(
            name=self.name.strip(),
            kind=self.kind,
            to=tuple(filter(None, map(str.strip, self.to.splitlines()))),
            place=self.place.strip(),
            url=self.url.strip(),
            mention=self.mention,
            note=self.note.strip(),
        )


@router.get(HERE, response_class=HTMLResponse, **needs(READ))
def channels(frame: InFrame, edit: Word = "", tested: Word = "") -> HTMLResponse:
    """The channels, and what each was told last.

    ``edit``, TENANT/NAME: with a form for one; ``tested``: with what came of its test.
    """
    return _page(frame, _asked(frame, edit), tested=tested)


def wanted_of(  # noqa: PLR0913, PLR0917  each a field of the form
    of: Short = PLATFORM,
    name: Short = "",
    kind: Annotated[Kind, Form()] = Kind.SLACK,
    to: Long = "",
    place: Short = "",
    url: Annotated[str, Form(max_length=MAX_SECRET)] = "",
    secret: Annotated[str, Form(max_length=MAX_SECRET)] = "",
    mention: Annotated[bool, Form()] = False,  # noqa: FBT002  a field of the form
    note: Short = "",
    expected: Version = 0,
) -> Wanted:
    """What the form says."""
    return Wanted(
        of=of,
        name=name,
        kind=kind,
        to=to,
        place=place,
        url=url,
        secret=secret.strip(),
        mention=mention,
        note=note,
        expected=expected,
    )


@router.post(HERE, response_class=HTMLResponse, **needs(WRITE))
def put(request: Request, actor: By, wanted: Annotated[Wanted, Depends(wanted_of)]) -> Response:
    """Enter a channel, or change it; what is refused is said beside it."""
    outlet = runtime_of(request).outlet
    try:
        with changing(request, actor) as work:
            work.require(WRITE, wanted.of)
            keeping.put(
                work,
                wanted.of,
                wanted.channel(),
                secret=wanted.secret,
                safe=outlet.safe if outlet else None,
                expected=wanted.expected,
            )
    except (Invalid, Conflict) as refusal:
        with looking(request, actor) as frame:
            return _page(frame, wanted, refused=str(refusal))
    return see(f"{HERE}#{wanted.of}-{wanted.name.strip()}")


@router.post(HERE + "/{tenant}/{name}/test", **needs(TEST))
def test(request: Request, actor: By, tenant: str, name: str) -> RedirectResponse:
    """Say something by a channel at once; the page then shows what came back."""
    runtime = runtime_of(request)
    if runtime.outlet is None:
        raise Unavailable("this process tells nobody anything")
    with read(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        parcels = testing.prepared(work, tenant, name, runtime.outlet.safe)
    tried = testing.carried(runtime.outlet, parcels)
    with changing(request, actor) as work:
        testing.noted(work, tenant, name, tried)
    return see(f"{HERE}?{urlencode({'tested': f'{tenant}/{name}'})}")


@router.post(HERE + "/{tenant}/{name}/delete", **needs(WRITE))
def delete(work: InWork, tenant: str, name: str, expected: Version = 0) -> RedirectResponse:
    """Take a channel away; ``expected``: its version on the page, if it says."""
    keeping.remove(work, tenant, name, expected=expected or None)
    return see(HERE)


def _page(
    frame: Frame, wanted: Wanted | None, *, refused: str = "", tested: str = ""
) -> HTMLResponse:
    found = keeping.listed(frame.work, frame.shell.tenant)
    seen = frame.holds("messages:read")
    return frame.show(
        "channels.html",
        REFUSED if refused else 200,
        found=found,
        lacking=[one for one in found if one.lacks],
        last=told.last_of_channels(frame.work, frame.shell.tenant) if seen else {},
        people=reaching.listed(frame.work, frame.shell.tenant),
        wanted=wanted or Wanted(of=frame.shell.tenant or PLATFORM),
        editing=wanted is not None,
        refused=refused,
        tried=_came(frame, tested) if seen else [],
        titles=TITLES,
        secrets=SECRETS,
    )


def _came(frame: Frame, tested: str) -> list[Message]:
    """What came of the last test of a channel, TENANT/NAME, at each of its addresses."""
    tenant, _, name = tested.partition("/")
    if not name or not frame.allows("messages:read", tenant):
        return []
    rows = told.listed(frame.work, tenant, Filter(about=f"channel/{name}"))
    return [one for one in rows if one.created_at == rows[0].created_at]


def _asked(frame: Frame, edit: str) -> Wanted | None:
    tenant, _, name = edit.partition("/")
    if not name:
        return None
    try:
        return Wanted.of_kept(keeping.one(frame.work, tenant, name))
    except NotFound:
        return None
