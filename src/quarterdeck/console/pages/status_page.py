"""/status-page: what customers see, written: page, components, posts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeVar

from fastapi import Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from quarterdeck.console.fields import Version
from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.console.pages.status_public import KINDS, WORDS, headers_of, rendered
from quarterdeck.kernel.errors import Conflict, Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import ANY, Work
from quarterdeck.operations.statuspage.model.component import Component, Status
from quarterdeck.operations.statuspage.model.faults import NoSuchStatusPage, UnusableStatusPage
from quarterdeck.operations.statuspage.model.page import StatusPage
from quarterdeck.operations.statuspage.model.post import STAGES, PostImpact, PostKind, Stage
from quarterdeck.operations.statuspage.service import composing, keeping, posting, public
from quarterdeck.operations.statuspage.service import looking as pages
from quarterdeck.operations.statuspage.service.keeping import READ, WRITE
from quarterdeck.web.deps import By, InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import Router

router = Router(include_in_schema=False)

HERE = "/status-page"
ONE = HERE + "/{tenant}"
REFUSED = 422
FOLLOW = "follow"
IMPACTS = [impact for impact in PostImpact if impact is not PostImpact.MAINTENANCE]
Word = TypeVar("Word", bound=StrEnum)
Short = Annotated[str, Form(max_length=1000)]
Long = Annotated[str, Form(max_length=30_000)]
Many = Annotated[list[str], Form(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What somebody typed that was refused: it stands in its form still.

    Attributes:
        form: which: ``page``, ``component``, ``post``, or the id of a post.
    """

    form: str = ""
    refused: str = ""
    said: Mapping[str, str]


NOTHING = Typed(said={})


@router.get(HERE, response_class=HTMLResponse, **needs(READ))
def shown(frame: InFrame) -> HTMLResponse:
    """The page of the tenant that is looked at; the platform's, where all are."""
    return _page(frame, _of(frame), NOTHING)


@router.get(ONE + "/preview", response_class=HTMLResponse, **needs(READ))
def preview(request: Request, work: InRead, tenant: str) -> HTMLResponse:
    """The page as strangers see it, or would."""
    kept = keeping.one(work, tenant)
    text = rendered(request, "page.html", kept, work.now, view=public.view(work, kept))
    headers = headers_of(request.app.state.console) | {"Cache-Control": "no-store"}
    return HTMLResponse(text, headers=headers)


@router.post(HERE, response_class=HTMLResponse, **needs(WRITE))
def put(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    of: Short = PLATFORM,
    slug: Short = "",
    title: Short = "",
    intro: Long = "",
    support: Short = "",
    expected: Version = 0,
) -> Response:
    """Write the page; what is refused is said beside it."""
    said = {"slug": slug, "title": title, "intro": intro, "support": support}

    def change(work: Work) -> None:
        page = StatusPage(**{name: text.strip() for name, text in said.items()})
        keeping.put(work, of, page, expected=expected)

    return _changed(request, actor, of, Typed(form="page", said=said), change)


@router.post(ONE + "/publish", **needs(WRITE))
def publish(work: InWork, tenant: str, shown: Short = "") -> RedirectResponse:
    """Have strangers see it, or, with ``shown`` empty, not any more."""
    keeping.publish(work, tenant, shown=bool(shown))
    return _back(tenant)


@router.post(ONE + "/components", response_class=HTMLResponse, **needs(WRITE))
def put_component(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    tenant: str,
    name: Short = "",
    title: Short = "",
    group: Short = "",
    description: Long = "",
    position: Annotated[int, Form(ge=0, le=10_000)] = 0,
    follows: Short = "",
    expected: Version = 0,
) -> Response:
    """Enter a component, or change it."""
    said = {
        "name": name,
        "title": title,
        "group": group,
        "description": description,
        "follows": follows,
        "position": str(position),
        "expected": str(expected),
    }

    def change(work: Work) -> None:
        environment, _, service = follows.strip().partition("/")
        component = Component(
            name=name.strip(),
            title=title.strip(),
            group=group.strip(),
            description=description.strip(),
            position=position,
            environment=environment,
            service=service,
        )
        composing.put(work, tenant, component, expected=expected)

    return _changed(request, actor, tenant, Typed(form="component", said=said), change)


@router.post(ONE + "/components/{component}/status", **needs(WRITE))
def say(work: InWork, tenant: str, component: str, status: Short = FOLLOW) -> RedirectResponse:
    """Say how a component is; ``follow``: as its service is."""
    composing.say(work, tenant, component, None if status == FOLLOW else _word(Status, status))
    return _back(tenant)


@router.post(ONE + "/components/{component}/delete", **needs(WRITE))
def remove(work: InWork, tenant: str, component: str, expected: Version = 0) -> RedirectResponse:
    """Take a component off the page, its history with it."""
    composing.remove(work, tenant, component, expected=expected or None)
    return _back(tenant)


@router.post(ONE + "/posts", response_class=HTMLResponse, **needs(WRITE))
def post(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    tenant: str,
    title: Short = "",
    text: Long = "",
    impact: Short = PostImpact.MINOR.value,
    stage: Short = Stage.INVESTIGATING.value,
    incident: Short = "",
    affected: Many | None = None,
) -> Response:
    """Post an incident."""
    said = {"title": title, "text": text, "impact": impact, "stage": stage, "incident": incident}

    def change(work: Work) -> None:
        new = posting.NewPost(
            title=title.strip(),
            text=text.strip(),
            impact=_word(PostImpact, impact),
            stage=_word(Stage, stage),
            incident=incident.strip(),
            affected=_affected(affected),
        )
        posting.post(work, tenant, new)

    return _changed(request, actor, tenant, Typed(form="post", said=said), change)


@router.post(ONE + "/posts/{post_id}/updates", response_class=HTMLResponse, **needs(WRITE))
def update(  # noqa: PLR0913, PLR0917  each a field of the form
    request: Request,
    actor: By,
    tenant: str,
    post_id: str,
    text: Long = "",
    stage: Short = "",
    affected: Many | None = None,
) -> Response:
    """Say what became of a post."""

    def change(work: Work) -> None:
        new = posting.NewUpdate(
            text=text.strip(),
            stage=_word(Stage, stage) if stage else None,
            affected=_affected(affected),
        )
        posting.update(work, tenant, post_id, new)

    typed = Typed(form=post_id, said={"text": text, "stage": stage})
    return _changed(request, actor, tenant, typed, change)


@router.post(ONE + "/posts/{post_id}/withdraw", **needs(WRITE))
def withdraw(work: InWork, tenant: str, post_id: str) -> RedirectResponse:
    """Take a post off the page, with all that was said in it."""
    posting.withdraw(work, tenant, post_id)
    return _back(tenant)


def _changed(
    request: Request, actor: By, tenant: str, typed: Typed, change: Callable[[Work], None]
) -> Response:
    """Change something; what is refused is said beside its form, which keeps what was typed."""
    try:
        with changing(request, actor) as work:
            work.require(WRITE, tenant)  # whoever may not hears nothing of what is wrong
            change(work)
    except (Invalid, Conflict) as refusal:
        with looking(request, actor) as frame:
            refused = Typed(form=typed.form, refused=str(refusal), said=typed.said)
            return _page(frame, tenant, refused)
    return _back(tenant)


def _of(frame: Frame) -> str:
    """Whose page is shown: of who sees but one tenant's, that."""
    seen = frame.work.tenants(READ).ids
    if frame.shell.tenant or seen & {ANY, PLATFORM}:
        return frame.shell.tenant or PLATFORM
    return min(seen)


def _page(frame: Frame, tenant: str, typed: Typed) -> HTMLResponse:
    work = frame.work
    try:
        found = pages.account(work, tenant)
        updates = {one.id: pages.one(work, tenant, one.id)[1] for one in found.open}
    except NoSuchStatusPage:
        found, updates = None, {}
    return frame.show(
        "status_page.html",
        REFUSED if typed.refused else 200,
        of=tenant,
        found=found,
        updates=updates,
        others=[one for one in keeping.listed(work) if one.tenant != tenant],
        typed=typed,
        statuses=WORDS,
        kinds=KINDS,
        impacts=IMPACTS,
        stages={kind.value: STAGES[kind] for kind in PostKind},
    )


def _back(tenant: str) -> RedirectResponse:
    return see(HERE if tenant == PLATFORM else f"{HERE}?tenant={tenant}")


def _affected(chosen: list[str] | None) -> dict[str, Status]:
    """What was chosen of each component, as ``NAME=STATUS``; of which nothing was, is left out."""
    pairs = [one.partition("=") for one in chosen or ()]
    return {name: _word(Status, status) for name, _, status in pairs if status}


def _word(words: type[Word], word: str) -> Word:
    try:
        return words(word)
    except ValueError as error:
        raise UnusableStatusPage(f"{word[:40]!r} is none of {', '.join(words)}") from error
