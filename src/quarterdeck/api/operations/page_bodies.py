"""What /api/v1/pages reads and answers with."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from quarterdeck.operations.escalation.model.page import (
    Change,
    Entry,
    Late,
    Page,
    PageState,
    StepState,
    Told,
    What,
)
from quarterdeck.operations.escalation.model.plan import StepKind
from quarterdeck.operations.escalation.service.looking import Account
from quarterdeck.operations.escalation.service.waking import Woken
from quarterdeck.operations.routing.service.waking import RouteWoken
from quarterdeck.web.bodies import Body

Text = Annotated[str, Field(max_length=500)]
Flags = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=20)]


class NewPage(Body):
    """Who is wanted, and for what."""

    tenant: str = Field(max_length=100)
    policy: str = Field(max_length=100, description="The tenant's, or the platform's.")
    title: Text
    severity: Text = Field("", description="SEV-1, P1, critical; what nobody knows is the worst.")
    about: Text = Field("", description="As alert/12, or incident/INC-2026-000001.")
    key: str = Field("", max_length=2000, description="The same open key is the same page.")
    flags: Flags = Field([], description="As customer-impact, major-outage, security.")

    def what(self) -> What:
        """What it is about."""
        return What(
            title=self.title,
            severity=self.severity,
            about=self.about,
            flags=frozenset(self.flags),
        )


class Answer(Body):
    """Who answers."""

    by: Text = Field("", description="Who does, in their words; default: who asks.")
    eta_min: int | None = Field(None, ge=1, le=10_000, description="Told to who was told.")


class End(Body):
    """Who ends it."""

    by: Text = ""


class PageChange(Body):
    """What of a page is another now."""

    severity: Text = Field("", description="Empty: as it is.")
    flags: Flags | None = Field(None, description="None: as they are.")
    why: Text = ""


class PageBody(BaseModel):
    """A page as it stands."""

    id: str
    tenant: str
    key: str
    policy: str
    version: int = Field(description="Of the policy, which is frozen in the page.")
    title: str
    severity: str
    about: str
    flags: list[str]
    state: PageState
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    means: str = Field(description="link, console, api or alerts.")
    holds_until: datetime | None = Field(description="When it wants somebody again.")
    resolved_at: datetime | None
    resolved_by: str = Field(description="Empty: its cause passed.")

    @classmethod
    def of(cls, one: Page) -> Self:
        return cls(**_said(one))


class Pages(BaseModel):
    """Pages, newest first."""

    pages: list[PageBody]


class ToldBody(BaseModel):
    """One way in which somebody was told."""

    target: str
    who: str
    by: str
    message: str = Field(description="Its id among the messages; empty: none was sent.")
    sent: str = Field(description="waiting, sending, sent, failed or dropped.")
    why: str

    @classmethod
    def of(cls, one: Told, found: Account) -> Self:
        message = found.sent.get(one.message)
        return cls(
            target=one.target,
            who=one.who,
            by=one.by,
            message=one.message,
            sent=message.state if message else "",
            why=one.why or (message.error if message else ""),
        )


class StepBody(BaseModel):
    """A step in the ledger."""

    level: str
    kind: StepKind
    number: int
    due_at: datetime
    state: StepState
    at: datetime | None = Field(description="When it was told, failed, or became void.")
    told: list[ToldBody]
    why: str

    @classmethod
    def of(cls, one: Entry, found: Account) -> Self:
        return cls(
            level=one.level,
            kind=one.kind,
            number=one.number,
            due_at=one.due_at,
            state=one.state,
            at=one.at,
            told=[ToldBody.of(each, found) for each in one.told],
            why=one.why,
        )


class ChangeBody(BaseModel):
    """One change of a page."""

    at: datetime
    what: str
    by: str
    words: str
    severity: str
    flags: list[str]

    @classmethod
    def of(cls, one: Change) -> Self:
        return cls(
            at=one.at,
            what=one.what,
            by=one.by,
            words=one.words,
            severity=one.severity,
            flags=sorted(one.flags),
        )


class LateBody(BaseModel):
    """A promise that was not kept, as the auditor found it."""

    step: str
    at: datetime
    why: str

    @classmethod
    def of(cls, one: Late) -> Self:
        return cls(step=one.step, at=one.at, why=one.why)


class PageAccount(PageBody):
    """A page with all that is known of it."""

    facts: dict[str, str]
    links: dict[str, str]
    alerts: list[int] = Field(description="Those it is about: who answers it answers these.")
    steps: list[StepBody]
    history: list[ChangeBody]
    lates: list[LateBody]

    @classmethod
    def told(cls, found: Account) -> Self:
        return cls(
            **_said(found.page),
            facts=dict(found.page.what.facts),
            links=dict(found.page.what.links),
            alerts=list(found.alerts),
            steps=[StepBody.of(one, found) for one in found.steps],
            history=[ChangeBody.of(one) for one in found.history],
            lates=[LateBody.of(one) for one in found.lates],
        )


class WakingBody(BaseModel):
    """Somebody who would be told, by what; or why nobody would be."""

    level: str
    kind: StepKind
    at: datetime
    target: str
    who: str
    by: str = Field(description="Their channel or address; empty: there is none.")
    why: str


class HoleBody(BaseModel):
    """When a level would tell nobody, or the same person as another does."""

    level: str
    start: datetime
    end: datetime
    why: str


class WokenPolicy(BaseModel):
    """Who is woken under one policy."""

    policy: str
    severity: str
    sound: bool
    wakings: list[WakingBody]
    holes: list[HoleBody]

    @classmethod
    def of(cls, one: Woken) -> Self:
        return cls(
            policy=one.policy,
            severity=one.severity,
            sound=one.sound,
            wakings=[WakingBody(**asdict(each)) for each in one.wakings],
            holes=[HoleBody(**asdict(each)) for each in one.holes],
        )


class WokenRoute(BaseModel):
    """One route that the alert takes."""

    route: str
    receiver: str
    pages: list[WokenPolicy]


class WokenByAlert(BaseModel):
    """Who is woken by an alert."""

    sound: bool = Field(description="Somebody is paged, and there is no hole.")
    at: datetime
    routes: list[WokenRoute]

    @classmethod
    def told(cls, found: Sequence[RouteWoken], at: datetime) -> Self:
        paged = [page for route in found for page in route.pages]
        return cls(
            sound=bool(paged) and all(page.sound for page in paged),
            at=at,
            routes=[
                WokenRoute(
                    route=one.route,
                    receiver=one.receiver,
                    pages=[WokenPolicy.of(page) for page in one.pages],
                )
                for one in found
            ],
        )


def _said(one: Page) -> dict[str, Any]:
    return {
        "id": one.id,
        "tenant": one.tenant,
        "key": one.key,
        "policy": one.policy,
        "version": one.version,
        "title": one.what.title,
        "severity": one.severity,
        "about": one.what.about,
        "flags": sorted(one.what.flags),
        "state": one.state,
        "opened_at": one.opened_at,
        "acknowledged_at": one.acknowledged_at,
        "acknowledged_by": one.acknowledged_by,
        "means": one.means,
        "holds_until": one.holds_until,
        "resolved_at": one.resolved_at,
        "resolved_by": one.resolved_by,
    }
