"""/api/v1/channels: named ways out of a tenant, and whether they work."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Annotated, Self

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.work import Work
from quarterdeck.operations.channels.model.channel import (
    MAX_MANY,
    MAX_SECRET,
    MAX_TEXT,
    Channel,
    Kept,
    Kind,
)
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.channels.service.keeping import READ, WRITE
from quarterdeck.operations.messages.ports import Outlet
from quarterdeck.operations.messages.service import testing
from quarterdeck.operations.messages.service.testing import TEST, Tried
from quarterdeck.runtime import Runtime
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import By, InRead, Installation, InWork, Repeatable, prepared_by
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/channels", tags=["channels"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422, 503)
ONE = "/{tenant}/{channel}"
OfTenant = Annotated[str, Query(max_length=100, description="Only of this tenant.")]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Expected = Annotated[
    int | None,
    Query(ge=0, le=2**31 - 1, description="Only if it is at this version; 0: not there yet."),
]


class ChannelSpec(Body):
    """What a channel says."""

    kind: Kind
    to: list[Text] = Field([], max_length=MAX_MANY, description="Of kind email: who gets it.")
    place: Text = Field("", description="Where it comes out: #atp-incidents, a team, a service.")
    url: str = Field("", max_length=MAX_SECRET, description="Of kind webhook: where it is posted.")
    mention: bool = Field(
        default=False,
        description="Slack: call all who are there when something is critical.",
    )
    note: Text = ""

    def channel(self, name: str) -> Channel:
        """What it comes to."""
        return Channel(
            name=name,
            kind=self.kind,
            to=tuple(self.to),
            place=self.place,
            url=self.url,
            mention=self.mention,
            note=self.note,
        )


class ChannelPut(ChannelSpec):
    """What a channel shall say, and its secret."""

    secret: str = Field(
        "",
        max_length=MAX_SECRET,
        description="Slack: an incoming webhook's address or a bot's token; Teams: a workflow's "
        "address; PagerDuty: a routing key; webhook: what signs; Apprise: its address "
        "(tgram://...). Empty: the one it has.",
    )


class ChannelBody(ChannelSpec):
    """A channel as it stands; its secret is never shown."""

    tenant: str
    name: str
    version: int
    by: str = Field(description="The id of who wrote it so.")
    at: datetime
    has_secret: bool
    lacks: str | None = Field(description="What it needs before it can be used.")

    @classmethod
    def of(cls, kept: Kept) -> Self:
        one = kept.channel
        return cls(
            tenant=kept.tenant,
            name=one.name,
            version=kept.version,
            by=kept.by,
            at=kept.at,
            has_secret=bool(kept.sealed),
            lacks=kept.lacks or None,
            kind=one.kind,
            to=list(one.to),
            place=one.place,
            url=one.url,
            mention=one.mention,
            note=one.note,
        )


class ChannelList(BaseModel):
    """Channels by tenant and name."""

    channels: list[ChannelBody]


class Came(BaseModel):
    """What came back of a test at one address."""

    address: str
    taken: bool
    status: int | None = Field(description="Of HTTP or SMTP, where there is one.")
    error: str | None
    again: bool = Field(description="Whether it may help to try again.")
    receipt: str | None = Field(description="What the receiver calls it.")

    @classmethod
    def of(cls, tried: Tried) -> Self:
        reply = tried.reply
        return cls(
            address=tried.shown,
            taken=reply.taken,
            status=reply.status,
            error=reply.error or None,
            again=reply.again,
            receipt=reply.receipt or None,
        )


class Tested(BaseModel):
    """What came of a test."""

    taken: bool = Field(description="By every address.")
    answers: list[Came]


def outlet_of(runtime: Runtime) -> Outlet:
    """The ways out of this process; raise Unavailable."""
    if runtime.outlet is None:
        raise Unavailable("this process tells nobody anything")
    return runtime.outlet


@router.get("", responses=READS, **needs(READ))
def list_channels(
    work: InRead, page: InPage, response: Response, tenant: OfTenant = ""
) -> ChannelList:
    """Channels by tenant and name."""
    after = (str(page.after[0]), str(page.after[1])) if page.after else ("", "")
    rows = keeping.listed(work, tenant, after=after, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (one.tenant, one.channel.name))
    return ChannelList(channels=[ChannelBody.of(one) for one in shown])


@router.get(ONE, responses=READS, **needs(READ))
def get_channel(tenant: str, channel: str, work: InRead) -> ChannelBody:
    """One channel."""
    return ChannelBody.of(keeping.one(work, tenant, channel))


@router.put(ONE, responses=WRITES, **needs(WRITE))
def put_channel(
    tenant: str,
    channel: str,
    body: ChannelPut,
    work: InWork,
    runtime: Installation,
    expected_version: Expected = None,
) -> ChannelBody:
    """Enter a channel, or change it; its secret is kept sealed and never shown."""
    work.require(WRITE, tenant)  # whoever may not hears nothing of what is wrong
    kept, _ = keeping.put(
        work,
        tenant,
        body.channel(channel),
        secret=body.secret,
        safe=outlet_of(runtime).safe if body.secret else None,
        expected=expected_version,
    )
    return ChannelBody.of(kept)


@router.delete(ONE, status_code=204, responses=WRITES, **needs(WRITE))
def delete_channel(
    tenant: str, channel: str, work: InWork, expected_version: Expected = None
) -> Response:
    """Take a channel away."""
    keeping.remove(work, tenant, channel, expected=expected_version)
    return Response(status_code=204)


def _say_something(tenant: str, channel: str, work: Work, runtime: Runtime) -> list[Tried]:
    outlet = outlet_of(runtime)
    return testing.carried(outlet, testing.prepared(work, tenant, channel, outlet.safe))


def tested_by(
    request: Request,
    runtime: Installation,
    actor: By,
    asked: Repeatable,
    tenant: str,
    channel: str,
) -> Iterator[tuple[Work, list[Tried]]]:
    """A transaction, after the channel was tried while none was open that writes."""
    opened = prepared_by(partial(_say_something, tenant, channel))
    yield from opened(request, runtime, actor, asked)


ToNote = Annotated[tuple[Work, list[Tried]], Depends(tested_by, scope="function")]


@router.post(ONE + "/test", responses=WRITES, **needs(TEST))
def test_channel(tenant: str, channel: str, tested: ToNote) -> Tested:
    """Say something by a channel at once, and what came back."""
    work, tried = tested
    testing.noted(work, tenant, channel, tried)
    return Tested(
        taken=all(one.reply.taken for one in tried), answers=[Came.of(one) for one in tried]
    )
