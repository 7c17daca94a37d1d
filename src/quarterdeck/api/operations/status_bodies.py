"""Bodies of /api/v1/status-page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.operations.statuspage.model.component import (
    MAX_POSITION,
    Component,
    KeptComponent,
    Status,
)
from quarterdeck.operations.statuspage.model.page import Kept, StatusPage
from quarterdeck.operations.statuspage.model.post import (
    Change,
    Post,
    PostImpact,
    PostKind,
    Stage,
    Update,
)
from quarterdeck.operations.statuspage.model.subscriber import Subscriber
from quarterdeck.operations.statuspage.model.words import MAX_LINE, MAX_MANY, MAX_NAME, MAX_TEXT
from quarterdeck.operations.statuspage.service.looking import Account
from quarterdeck.operations.statuspage.service.posting import NewPost, NewUpdate
from quarterdeck.web.bodies import Body

Line = Annotated[str, Field(max_length=MAX_LINE)]
Words = Annotated[str, Field(max_length=MAX_TEXT)]
Affected = Annotated[
    dict[Annotated[str, Field(max_length=MAX_NAME)], Status],
    Field(max_length=MAX_MANY, description="How components are, by their names."),
]


class PageSpec(Body):
    """What stands on top of a status page."""

    slug: str = Field(max_length=MAX_NAME, examples=["contoso"], description="/status/SLUG")
    title: Line = Field(examples=["Contoso"])
    intro: Words = ""
    support: Line = Field("", description="Where to turn: https:// or mailto:.")

    def page(self) -> StatusPage:
        """What it comes to."""
        return StatusPage(**self.model_dump())


class PublishBody(Body):
    """Whether strangers see it."""

    published: bool


class PageBody(BaseModel):
    """A status page as it stands."""

    tenant: str
    version: int
    published: bool = Field(description="False: to strangers there is none.")
    slug: str
    title: str
    intro: str
    support: str
    path: str = Field(description="Where strangers find it.")
    by: str = Field(description="The id of who wrote it so.")
    at: datetime

    @classmethod
    def of(cls, kept: Kept) -> Self:
        page = kept.page
        return cls(
            tenant=kept.tenant,
            version=kept.version,
            published=kept.published,
            slug=page.slug,
            title=page.title,
            intro=page.intro,
            support=page.support,
            path=f"/status/{page.slug}",
            by=kept.by,
            at=kept.at,
        )


class ListedPage(PageBody):
    """A status page among others."""

    overdue: int = Field(0, description="Posts of which customers heard nothing for too long.")


class Pages(BaseModel):
    """Status pages by tenant."""

    pages: list[ListedPage]


class ComponentSpec(Body):
    """What is said of a component."""

    title: Line = Field(examples=["Checkout"])
    group: Line = Field("", description="Components of the same stand together.")
    description: Words = ""
    position: int = Field(0, ge=0, le=MAX_POSITION, description="Lower stands higher.")
    environment: Line = Field("", description="Of the service that it follows.")
    service: Line = Field("", description="That it follows; empty: it is set by hand.")

    def component(self, name: str) -> Component:
        """What it comes to."""
        return Component(name=name, **self.model_dump())


class StatusSpec(Body):
    """How a component is."""

    status: Status | None = Field(description="Null: it follows its service again.")


class ComponentBody(BaseModel):
    """A component as it stands."""

    name: str
    version: int
    title: str
    group: str
    description: str
    position: int
    environment: str
    service: str
    status: Status | None = Field(description="Null: that is not known.")
    reason: str = Field(description="Why it is not known; empty: it is.")
    since: datetime | None
    said: Status | None = Field(description="Null: nobody set it by hand, it follows.")
    post: str | None = Field(description="The post that set it.")
    by: str
    at: datetime

    @classmethod
    def of(cls, kept: KeptComponent, reason: str = "") -> Self:
        one = kept.component
        return cls(
            name=one.name,
            version=kept.version,
            title=one.title,
            group=one.group,
            description=one.description,
            position=one.position,
            environment=one.environment,
            service=one.service,
            status=kept.status,
            reason=reason,
            since=kept.since,
            said=kept.said,
            post=kept.post or None,
            by=kept.by,
            at=kept.at,
        )


class Components(BaseModel):
    """Components in the order of the page."""

    components: list[ComponentBody]


class PostSpec(Body):
    """What shall be posted, with its first update."""

    title: Line = Field(examples=["Checkout is slow"])
    text: Words
    kind: PostKind = PostKind.INCIDENT
    impact: PostImpact | None = Field(None, description="Default: minor, or maintenance.")
    stage: Stage | None = Field(None, description="Default: investigating, or scheduled.")
    affected: Affected = Field(default_factory=dict)
    incident: Line = Field("", description="Our own; strangers never see it.")
    starts_at: AwareDatetime | None = Field(None, description="Of maintenance.")
    ends_at: AwareDatetime | None = None

    def new(self) -> NewPost:
        """What it asks for."""
        planned = self.kind is PostKind.MAINTENANCE
        return NewPost(
            title=self.title,
            text=self.text,
            kind=self.kind,
            impact=self.impact or (PostImpact.MAINTENANCE if planned else PostImpact.MINOR),
            stage=self.stage or (Stage.SCHEDULED if planned else Stage.INVESTIGATING),
            affected=self.affected,
            incident=self.incident,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
        )


class UpdateSpec(Body):
    """What became of it."""

    text: Words
    stage: Stage | None = Field(None, description="Null: as it was.")
    affected: Affected = Field(default_factory=dict)

    def new(self) -> NewUpdate:
        """What it asks for."""
        return NewUpdate(text=self.text, stage=self.stage, affected=self.affected)


class ChangeBody(BaseModel):
    """What an update says of a component; null: that is not known."""

    component: str
    old: Status | None
    new: Status | None

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(component=change.component, old=change.old, new=change.new)


class UpdateBody(BaseModel):
    """One thing that was said."""

    id: str
    stage: Stage
    text: str
    changes: list[ChangeBody]
    at: datetime
    by: str

    @classmethod
    def of(cls, update: Update) -> Self:
        return cls(
            id=update.id,
            stage=update.stage,
            text=update.text,
            changes=[ChangeBody.of(one) for one in update.changes],
            at=update.at,
            by=update.by,
        )


class PostBody(BaseModel):
    """A post as it stands."""

    id: str
    version: int
    kind: PostKind
    title: str
    impact: PostImpact
    stage: Stage
    affected: Mapping[str, Status]
    incident: str | None
    window: str | None = Field(description="The maintenance window that it announces.")
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None = Field(description="When customers are to hear more.")
    overdue: bool
    resolved_at: datetime | None
    by: str

    @classmethod
    def of(cls, post: Post, now: datetime) -> Self:
        return cls(
            id=post.id,
            version=post.version,
            kind=post.kind,
            title=post.title,
            impact=post.impact,
            stage=post.stage,
            affected=post.affected,
            incident=post.incident or None,
            window=post.window or None,
            starts_at=post.starts_at,
            ends_at=post.ends_at,
            created_at=post.created_at,
            updated_at=post.updated_at,
            due_at=post.due_at,
            overdue=post.is_overdue(now),
            resolved_at=post.resolved_at,
            by=post.by,
        )


class PostAccount(BaseModel):
    """A post with its updates, newest first."""

    post: PostBody
    updates: list[UpdateBody]


class Posts(BaseModel):
    """Posts, newest first."""

    posts: list[PostBody]


class PageAccount(BaseModel):
    """A status page with its components and what is open on it."""

    page: PageBody
    components: list[ComponentBody]
    open: list[PostBody]
    overdue: int = Field(description="Of the open ones, how many customers wait too long for.")
    subscribers: int

    @classmethod
    def of(cls, found: Account, now: datetime) -> Self:
        reasons = found.reasons
        return cls(
            page=PageBody.of(found.kept),
            components=[
                ComponentBody.of(one, reasons.get(one.component.name, ""))
                for one in found.components
            ],
            open=[PostBody.of(one, now) for one in found.open],
            overdue=len(found.overdue),
            subscribers=found.subscribers,
        )


class SubscriberBody(BaseModel):
    """Who is told by mail."""

    id: str
    address: str
    confirmed_at: datetime | None

    @classmethod
    def of(cls, one: Subscriber) -> Self:
        return cls(id=one.id, address=one.address, confirmed_at=one.confirmed_at)


class Subscribers(BaseModel):
    """Who is told by mail, by id."""

    subscribers: list[SubscriberBody]
