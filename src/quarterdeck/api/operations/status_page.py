"""/api/v1/status-page: what customers see of how things are, for those who write it."""

from typing import Annotated

from fastapi import Query, Response

from quarterdeck.api.operations import status_bodies as bodies
from quarterdeck.operations.statuspage.model.post import Post, Update
from quarterdeck.operations.statuspage.service import (
    composing,
    keeping,
    looking,
    posting,
    subscribing,
)
from quarterdeck.operations.statuspage.service.keeping import READ, WRITE
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/status-page", tags=["status-page"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
ONE = "/{tenant}"
COMPONENT = ONE + "/components/{component}"
POST = ONE + "/posts/{post_id}"
Expected = Annotated[
    int | None,
    Query(ge=0, le=2**31 - 1, description="Only if it is at this version; 0: not there yet."),
]


@router.get("", responses=READS, **needs(READ))
def list_status_pages(work: InRead) -> bodies.Pages:
    """The status pages that one may see, by tenant."""
    late = looking.overdue_counts(work, work.tenants(READ))
    pages = [bodies.ListedPage.of(one) for one in keeping.listed(work)]
    for page in pages:
        page.overdue = late.get(page.tenant, 0)
    return bodies.Pages(pages=pages)


@router.get(ONE, responses=READS, **needs(READ))
def get_status_page(tenant: str, work: InRead) -> bodies.PageAccount:
    """A tenant's status page with its components, and the posts that are not over."""
    return bodies.PageAccount.of(looking.account(work, tenant), work.now)


@router.put(ONE, responses=WRITES, **needs(WRITE))
def put_status_page(
    tenant: str, body: bodies.PageSpec, work: InWork, expected_version: Expected = None
) -> bodies.PageBody:
    """Write a tenant's status page; a new one is not published."""
    work.require(WRITE, tenant)  # whoever may not hears nothing of what is wrong
    kept, _ = keeping.put(work, tenant, body.page(), expected=expected_version)
    return bodies.PageBody.of(kept)


@router.delete(ONE, status_code=204, responses=WRITES, **needs(WRITE))
def delete_status_page(tenant: str, work: InWork, expected_version: Expected = None) -> Response:
    """Take a status page away, with its components, posts and subscribers."""
    keeping.remove(work, tenant, expected=expected_version)
    return Response(status_code=204)


@router.put(ONE + "/published", responses=WRITES, **needs(WRITE))
def publish_status_page(tenant: str, body: bodies.PublishBody, work: InWork) -> bodies.PageBody:
    """Have strangers see it, or not any more."""
    kept, _ = keeping.publish(work, tenant, shown=body.published)
    return bodies.PageBody.of(kept)


@router.get(ONE + "/components", responses=READS, **needs(READ))
def list_status_components(tenant: str, work: InRead) -> bodies.Components:
    """Components in the order of the page, each with how it is."""
    found = looking.account(work, tenant)
    return bodies.Components(components=bodies.PageAccount.of(found, work.now).components)


@router.put(COMPONENT, responses=WRITES, **needs(WRITE))
def put_status_component(
    tenant: str,
    component: str,
    body: bodies.ComponentSpec,
    work: InWork,
    expected_version: Expected = None,
) -> bodies.ComponentBody:
    """Enter a component, or change it; the same again is nothing new."""
    work.require(WRITE, tenant)
    spec = body.component(component)
    kept, _ = composing.put(work, tenant, spec, expected=expected_version)
    return bodies.ComponentBody.of(kept)


@router.delete(COMPONENT, status_code=204, responses=WRITES, **needs(WRITE))
def delete_status_component(
    tenant: str, component: str, work: InWork, expected_version: Expected = None
) -> Response:
    """Take a component off the page, its history with it."""
    composing.remove(work, tenant, component, expected=expected_version)
    return Response(status_code=204)


@router.put(COMPONENT + "/status", responses=WRITES, **needs(WRITE))
def set_status_component(
    tenant: str, component: str, body: bodies.StatusSpec, work: InWork
) -> bodies.ComponentBody:
    """Say how a component is; null: it follows its service again."""
    kept, _ = composing.say(work, tenant, component, body.status)
    return bodies.ComponentBody.of(kept)


@router.get(ONE + "/posts", responses=READS, **needs(READ))
def list_status_posts(
    tenant: str,
    work: InRead,
    page: InPage,
    response: Response,
    *,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Only those that are not over, or are.")
    ] = None,
) -> bodies.Posts:
    """Posts of the page, newest first."""
    before = str(page.after[0]) if page.after else ""
    rows = looking.listed(work, tenant, is_open=is_open, before=before, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (one.id,))
    return bodies.Posts(posts=[bodies.PostBody.of(one, work.now) for one in shown])


@router.post(ONE + "/posts", status_code=201, responses=WRITES, **needs(WRITE))
def post_status(tenant: str, body: bodies.PostSpec, work: InWork) -> bodies.PostAccount:
    """Post an incident, or maintenance. 409: customers are told nothing until Legal approves."""
    work.require(WRITE, tenant)
    made, said = posting.post(work, tenant, body.new())
    return _account(made, [said], work)


@router.get(POST, responses=READS, **needs(READ))
def get_status_post(tenant: str, post_id: str, work: InRead) -> bodies.PostAccount:
    """One post with its updates, newest first."""
    return _account(*looking.one(work, tenant, post_id), work)


@router.post(POST + "/updates", status_code=201, responses=WRITES, **needs(WRITE))
def update_status_post(
    tenant: str,
    post_id: str,
    body: bodies.UpdateSpec,
    work: InWork,
    expected_version: Expected = None,
) -> bodies.PostAccount:
    """Say what became of a post. Subscribers are mailed, each once."""
    made, said = posting.update(work, tenant, post_id, body.new(), expected=expected_version)
    return _account(made, [said], work)


@router.delete(POST, status_code=204, responses=WRITES, **needs(WRITE))
def withdraw_status_post(tenant: str, post_id: str, work: InWork) -> Response:
    """Take a post off the page, with all that was said in it. Mails that were sent stay sent."""
    posting.withdraw(work, tenant, post_id)
    return Response(status_code=204)


@router.get(ONE + "/subscribers", responses=READS, **needs(READ))
def list_status_subscribers(
    tenant: str, work: InRead, page: InPage, response: Response
) -> bodies.Subscribers:
    """Who is told by mail."""
    after = str(page.after[0]) if page.after else ""
    rows = subscribing.listed(work, tenant, after=after, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (one.id,))
    return bodies.Subscribers(subscribers=[bodies.SubscriberBody.of(one) for one in shown])


@router.delete(ONE + "/subscribers/{subscriber}", status_code=204, responses=WRITES, **needs(WRITE))
def delete_status_subscriber(tenant: str, subscriber: str, work: InWork) -> Response:
    """Have a subscriber be forgotten."""
    subscribing.remove(work, tenant, subscriber)
    return Response(status_code=204)


def _account(made: Post, said: list[Update], work: InWork) -> bodies.PostAccount:
    return bodies.PostAccount(
        post=bodies.PostBody.of(made, work.now),
        updates=[bodies.UpdateBody.of(one) for one in said],
    )
