"""People post on a status page: an incident or maintenance, and what became of it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from quarterdeck.events.statuspage import StatusPostWithdrawn, StatusUpdated
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.incidents.service import looking as incidents
from quarterdeck.operations.incidents.service.keeping import found as incident_of
from quarterdeck.operations.statuspage.model.component import KeptComponent, Status
from quarterdeck.operations.statuspage.model.faults import (
    NoSuchStatusPost,
    NoticeGated,
    StatusPageChanged,
    UnusableStatusPage,
)
from quarterdeck.operations.statuspage.model.post import (
    Change,
    Post,
    PostImpact,
    PostKind,
    Stage,
    Update,
    check_stage,
)
from quarterdeck.operations.statuspage.model.words import MAX_MANY
from quarterdeck.operations.statuspage.service import composing
from quarterdeck.operations.statuspage.service.keeping import WRITE, check_version, found
from quarterdeck.operations.statuspage.store import components
from quarterdeck.operations.statuspage.store import posts as store

NOTHING: Mapping[str, Status] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """What shall be posted.

    Attributes:
        text: of its first update.
        affected: how it says that components are.
        incident: our own incident that it is about; strangers never see it.
        starts_at, ends_at: of maintenance: as planned.
    """

    title: str
    text: str
    kind: PostKind = PostKind.INCIDENT
    impact: PostImpact = PostImpact.MINOR
    stage: Stage = Stage.INVESTIGATING
    affected: Mapping[str, Status] = field(default_factory=dict)
    incident: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpdate:
    """What shall be said of a post.

    Attributes:
        stage: None: as it was.
        affected: how it says that components are; others stay as they were.
    """

    text: str
    stage: Stage | None = None
    affected: Mapping[str, Status] = field(default_factory=dict)


def post(work: Work, tenant: str, new: NewPost) -> tuple[Post, Update]:
    """Post something, with its first update.

    Raises:
        NoSuchStatusPage: there is no page to stand on.
        NoticeGated: it is about an incident of which customers are told nothing yet.
    """
    own = work.require(WRITE, tenant)
    found(work, own)
    if new.incident:
        _refuse_gated(work, own, incidents.one(work, new.incident).id)
    made = Post(
        id=work.new_id(),
        tenant=tenant,
        version=1,
        kind=new.kind,
        title=new.title,
        impact=new.impact,
        stage=new.stage,
        incident=new.incident,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        affected=dict(new.affected),
        created_at=work.now,
        updated_at=work.now,
        by=work.actor.id,
        **_marks(work, new.stage, None),
    )
    _check_planned(made)
    return made, begin_post(work, own, made, new.text)


def begin_post(work: Work, own: Tenants, made: Post, text: str) -> Update:
    """Keep a new post with its first update. It asks for no permission."""
    update = _said(work, own, made, None, NewUpdate(text=text, affected=made.affected))
    if not store.add(work.db, made):
        raise StatusPageChanged("this maintenance is announced already")
    return _tell(work, made, update, first=True)


def update(
    work: Work, tenant: str, post_id: str, new: NewUpdate, *, expected: int | None = None
) -> tuple[Post, Update]:
    """Say what became of a post.

    Raises:
        NoticeGated: its incident came to be one of which customers are told nothing yet.
        StatusPageChanged: it is not at the version that was ``expected``.
    """
    own = work.require(WRITE, tenant)
    before = of_id(work, own, post_id)
    check_version("the post", before.version, expected)
    if before.incident:
        _refuse_gated(work, own, before.incident)
    return go_on(work, own, before, new)


def go_on(work: Work, own: Tenants, before: Post, new: NewUpdate) -> tuple[Post, Update]:
    """As ``update``, for clocks: it asks for no permission."""
    stage = new.stage or before.stage
    check_stage(before.kind, stage)
    if stage is Stage.POSTMORTEM and before.is_open:
        raise UnusableStatusPage("a postmortem follows what is resolved")
    made = replace(
        before,
        version=before.version + 1,
        stage=stage,
        affected={**before.affected, **new.affected},
        updated_at=work.now,
        **_marks(work, stage, before),
    )
    said = _said(work, own, made, before, new)
    if not store.change(work.db, own, made):
        raise _moved()
    return made, _tell(work, made, said, first=False)


def withdraw(work: Work, tenant: str, post_id: str) -> None:
    """Take a post off the page, with all that was said in it; components are let go.

    Raises:
        NoSuchStatusPost: there is none.
        StatusPageChanged: somebody changed it in the same moment.
    """
    own = work.require(WRITE, tenant)
    known = of_id(work, own, post_id)
    _let_go(work, own, known, set())
    if not store.remove(work.db, own, known.id, known.version):
        raise _moved()
    work.publish(
        StatusPostWithdrawn(
            tenant=tenant, post=known.id, incident=known.incident, title=known.title
        )
    )


def of_id(work: Work, own: Tenants, post_id: str) -> Post:
    """One post; raise NoSuchStatusPost. It asks for no permission."""
    known = store.of_id(work.db, own, post_id)
    if known is None:
        raise NoSuchStatusPost(
            f"no post {post_id[:80]!r}; quarterdeck statuspage show lists those that are open"
        )
    return known


def _said(work: Work, own: Tenants, made: Post, before: Post | None, new: NewUpdate) -> Update:
    """An update, once components are as it says; one that ends its post lets go of the others."""
    words = Update(
        id=work.new_id(),
        post=made.id,
        stage=made.stage,
        text=new.text,
        at=work.now,
        by=work.actor.id,
    )
    there = {kept.component.name for kept in components.listed(work.db, own)}
    _check_known(there, new.affected)
    applied = _applied(made, before, new.affected)
    changes = [_set(work, own, made, name, applied[name]) for name in applied if name in there]
    if not made.is_open:
        changes += _let_go(work, own, made, {*applied})
    return replace(words, changes=tuple(changes))


def _check_known(there: Collection[str], said: Iterable[str]) -> None:
    if strange := sorted({*said} - {*there}):
        names = ", ".join(sorted(there)) or "none"
        raise UnusableStatusPage(f"no component {strange[0][:80]!r}; there are {names}")


def _applied(made: Post, before: Post | None, said: Mapping[str, Status]) -> Mapping[str, Status]:
    """What an update has components be now.

    What is planned is not so yet. What a window covers is so by the window, and as long.
    """
    if made.window or made.stage is Stage.SCHEDULED:
        return NOTHING
    begins = made.is_open and before is not None and before.stage is Stage.SCHEDULED
    return made.affected if begins else said


def _set(work: Work, own: Tenants, made: Post, name: str, status: Status) -> Change:
    old = composing.known(work, own, name)
    # What a post that is over says of a component is said for good, not until it ends.
    holder = made.id if made.is_open else ""
    well = not made.is_open and status is Status.OPERATIONAL and old.component.follows
    new = composing.set_by_hand(work, own, name, None if well else status, post=holder)
    return Change(component=name, old=old.status, new=new.status)


def _let_go(work: Work, own: Tenants, made: Post, but: set[str]) -> list[Change]:
    """Have what the post had said of components hold no more."""
    waiting = store.newest(work.db, own, is_open=True, limit=MAX_MANY)
    others = [one for one in waiting if one.id != made.id and one.holds]
    return [
        _release(work, own, kept, others)
        for kept in components.listed(work.db, own)
        if kept.post == made.id and kept.component.name not in but
    ]


def _release(work: Work, own: Tenants, kept: KeptComponent, others: list[Post]) -> Change:
    """Have a component be as another open post says, if one does.

    Else it follows its service again; one that has none works again, for so says who ends it.
    """
    name = kept.component.name
    holder = next((one for one in others if name in one.affected), None)
    well = None if kept.component.follows else Status.OPERATIONAL
    status = holder.affected[name] if holder else well
    by = holder.id if holder else ""
    new = composing.set_by_hand(work, own, name, status, post=by)
    return Change(component=name, old=kept.status, new=new.status)


def _tell(work: Work, made: Post, said: Update, *, first: bool) -> Update:
    store.say(work.db, made.tenant, said)
    work.publish(
        StatusUpdated(
            tenant=made.tenant,
            post=made.id,
            update=said.id,
            kind=made.kind.value,
            stage=made.stage.value,
            first=first,
            incident=made.incident,
            title=made.title,
            digest=sha256(said.text.encode()).hexdigest(),
        )
    )
    return said


def _marks(work: Work, stage: Stage, before: Post | None) -> dict[str, Any]:
    """When it came to be watched, and when it was over."""
    monitoring = before.monitoring_at if before else None
    resolved = before.resolved_at if before else None
    over = stage in (Stage.RESOLVED, Stage.POSTMORTEM, Stage.COMPLETED)
    return {
        "monitoring_at": monitoring or (work.now if stage is Stage.MONITORING else None),
        "resolved_at": (resolved or work.now) if over else None,
    }


def _refuse_gated(work: Work, own: Tenants, incident: str) -> None:
    """Runbook 004, L741: no details in public, no notice, until Legal approved."""
    known = incident_of(work, own, incident)
    if known.is_gated:
        raise NoticeGated(
            f"{known.id} is about security or lost data: customers are told nothing until Legal "
            f"approves: quarterdeck incident approve {known.id}"
        )


def _moved() -> StatusPageChanged:
    return StatusPageChanged("the post was changed just now: look at it again")


def _check_planned(made: Post) -> None:
    if made.kind is not PostKind.MAINTENANCE:
        return
    if made.starts_at is None or made.ends_at is None or made.ends_at <= made.starts_at:
        raise UnusableStatusPage("maintenance has a planned start, and an end after it")
