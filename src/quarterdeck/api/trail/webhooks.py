"""/api/v1/trail/webhooks: records go out to who subscribed; tries, secrets, pauses."""

from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import BaseModel, Field

from quarterdeck.api.trail.exports import Wanted
from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.runtime import Runtime
from quarterdeck.trail.query.model import Filter
from quarterdeck.trail.webhooks.model import Attempt, Webhook
from quarterdeck.trail.webhooks.service import control
from quarterdeck.trail.webhooks.service.sending import Sending
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail/webhooks", tags=["trail"])

WRITES = needs("webhooks:write")
MAX_OVERLAP_S = 30 * 86_400


class Subscribing(Body):
    """Where to send records, and which."""

    tenant: str = Field(max_length=100)
    url: str = Field(max_length=2000, description="https://HOST/PATH.")
    filter: Wanted | None = Field(None, description="Without one, every record.")


class Overlap(Body):
    """How long the secret before still signs."""

    overlap_s: int = Field(86_400, ge=0, le=MAX_OVERLAP_S)


class WebhookBody(BaseModel):
    """A webhook."""

    id: str
    tenant: str
    url: str
    state: str = Field(description="active, paused or gone: its receiver answered 410.")
    filter: dict[str, Any]
    begins: int = Field(description="Index of the first record that it is sent.")
    secret_version: int
    created_at: datetime
    secret: str | None = Field(None, description="Shown where it was made, and never again.")

    @classmethod
    def of(cls, found: Webhook, secret: str | None = None) -> Self:
        wanted = found.wanted
        names = ("since", "until", "actor", "action", "type", "resource", "outcome", "cls")
        values = {name: getattr(wanted, name) for name in (*names, "correlation")}
        return cls(
            id=found.id,
            tenant=found.tenant,
            url=found.url,
            state=found.state,
            filter={name: value for name, value in values.items() if value not in ("", None)},
            begins=found.begins,
            secret_version=found.secret_version,
            created_at=instant(found.at),
            secret=secret,
        )


class Webhooks(BaseModel):
    """Webhooks, oldest first."""

    webhooks: list[WebhookBody]


class AttemptBody(BaseModel):
    """One try to send one record."""

    index: int | None = Field(description="Of the record; null: a test.")
    attempt: int = Field(description="From 1; after ten the record is a dead letter.")
    status: int | None = Field(description="Null: no whole answer came.")
    error: str
    took_ms: int
    at: datetime

    @classmethod
    def of(cls, found: Attempt) -> Self:
        return cls(
            index=found.index,
            attempt=found.number,
            status=found.status,
            error=found.error,
            took_ms=found.took_ms,
            at=instant(found.at),
        )


class Attempts(BaseModel):
    """The last hundred tries, newest first."""

    attempts: list[AttemptBody]


@router.get("", responses=problems(401, 403), **WRITES)
def list_webhooks(work: InRead) -> Webhooks:
    """Webhooks of the tenants you may send from."""
    return Webhooks(webhooks=[WebhookBody.of(one) for one in control.webhooks(work)])


@router.post("", status_code=201, responses=problems(401, 403, 404, 422), **WRITES)
def add_webhook(body: Subscribing, work: InWork, runtime: Installation) -> WebhookBody:
    """Send records from now on, signed with the secret that this answer shows once."""
    wanted = body.filter.filter() if body.filter else Filter()
    made, secret = control.add(work, runtime.reader, runtime.keys, body.tenant, body.url, wanted)
    return WebhookBody.of(made, secret)


@router.get("/{webhook}/attempts", responses=problems(401, 403, 404), **WRITES)
def list_webhook_attempts(webhook: str, work: InRead) -> Attempts:
    """What was tried last."""
    return Attempts(attempts=[AttemptBody.of(one) for one in control.attempts(work, webhook)])


@router.post("/{webhook}/test", responses=problems(401, 403, 404, 503), **WRITES)
def try_webhook(webhook: str, work: InWork, runtime: Installation) -> AttemptBody:
    """Send a test at once, and say what was answered."""
    control.webhook(work, webhook)
    return AttemptBody.of(_sending(runtime).test(work, webhook))


@router.post("/{webhook}/rotate", responses=problems(401, 403, 404, 422), **WRITES)
def rotate_webhook(webhook: str, body: Overlap, work: InWork, runtime: Installation) -> WebhookBody:
    """Make a new secret; until the overlap ends, both sign."""
    made = control.rotate(work, runtime.keys, webhook, timedelta(seconds=body.overlap_s))
    return WebhookBody.of(*made)


@router.post("/{webhook}/pause", responses=problems(401, 403, 404), **WRITES)
def pause_webhook(webhook: str, work: InWork) -> WebhookBody:
    """Send nothing; what comes meanwhile waits."""
    return WebhookBody.of(control.pause(work, webhook))


@router.post("/{webhook}/resume", responses=problems(401, 403, 404), **WRITES)
def resume_webhook(webhook: str, work: InWork) -> WebhookBody:
    """Send again, what waits too."""
    return WebhookBody.of(control.resume(work, webhook))


@router.delete("/{webhook}", status_code=204, responses=problems(401, 403, 404), **WRITES)
def remove_webhook(webhook: str, work: InWork) -> None:
    """Forget a webhook, and what waits for it."""
    control.remove(work, webhook)


def _sending(runtime: Runtime) -> Sending:
    if runtime.webhooks is None:
        raise Unavailable("this process sends no webhooks")
    return Sending(
        engine=runtime.engine,
        reader=runtime.reader,
        keys=runtime.keys,
        sender=runtime.webhooks,
        clock=runtime.clock,
    )
