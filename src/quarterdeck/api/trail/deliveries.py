"""/api/v1/trail/queues and subscriptions: what awaits whom, and what holds it up."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from quarterdeck.kernel.clock import instant, since
from quarterdeck.trail.deliveries.model import TOPIC, Standing, Subscription
from quarterdeck.trail.deliveries.service import control, queries
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/trail", tags=["deliveries"])


class CountDetails(BaseModel):
    """Messages by where they are; names as the runbook's own tool has them."""

    activeMessageCount: int = Field(description="Published, and not delivered yet.")  # noqa: N815
    deadLetterMessageCount: int  # noqa: N815
    scheduledMessageCount: int = Field(description="Failed, and tried again later.")  # noqa: N815


class StuckBody(BaseModel):
    """Where a consumer cannot go on in a log."""

    tenant: str
    position: int = Field(description="Index of the record that is next.")
    since: datetime
    age_seconds: float
    tries: int
    error: str
    retry_at: datetime


class QueueBody(BaseModel):
    """What awaits one consumer."""

    name: str = Field(examples=["projection-queue"])
    consumer: str = Field(examples=["projection-worker"])
    topic: str
    status: Standing = Field(description="active, paused, stuck or down.")
    paused: str = Field(description="Why it is paused; empty: it is not.")
    countDetails: CountDetails  # noqa: N815  as the runbook's own tool has it
    oldest_seconds: float = Field(description="Age of the oldest active message.")
    stuck: list[StuckBody]

    @classmethod
    def of(cls, one: Subscription, now: datetime) -> Self:
        return cls(
            name=one.queue,
            consumer=one.consumer,
            topic=TOPIC,
            status=one.standing,
            paused=one.paused,
            countDetails=CountDetails(
                activeMessageCount=one.active,
                deadLetterMessageCount=one.dead,
                scheduledMessageCount=one.scheduled,
            ),
            oldest_seconds=one.oldest_s,
            stuck=[
                StuckBody(
                    tenant=place.log,
                    position=place.position,
                    since=instant(place.since),
                    age_seconds=since(now, instant(place.since)).total_seconds(),
                    tries=place.tries,
                    error=place.error,
                    retry_at=instant(place.retry_at),
                )
                for place in one.places
            ],
        )


class Queues(BaseModel):
    """Every queue, and the relay before them (its name is empty)."""

    relay: QueueBody
    queues: list[QueueBody]


class Subscriptions(BaseModel):
    """Who consumes a topic."""

    topic: str
    subscriptions: list[QueueBody]


class ToPause(Body):
    """Why it is to rest."""

    reason: str = Field(min_length=1, max_length=500)


class Retried(BaseModel):
    """What is tried again at once."""

    consumer: str
    retried: int = Field(description="Logs in which it was stuck.")


@router.get("/queues", responses=problems(401, 403), **needs("deadletters:read"))
def list_queues(work: InRead, runtime: Installation) -> Queues:
    """What awaits each consumer, and what awaits the outbox relay."""
    return Queues(
        relay=QueueBody.of(queries.publisher(work, runtime.reader), work.now),
        queues=[QueueBody.of(one, work.now) for one in queries.subscriptions(work, runtime.reader)],
    )


@router.get("/queues/{queue}", responses=problems(401, 403, 404), **needs("deadletters:read"))
def get_queue(queue: str, work: InRead, runtime: Installation) -> QueueBody:
    """One queue: active, dead-letter and scheduled counts."""
    return QueueBody.of(queries.queue_of(work, runtime.reader, queue), work.now)


@router.get(
    "/topics/{topic}/subscriptions",
    responses=problems(401, 403, 404),
    **needs("deadletters:read"),
)
def list_subscriptions(topic: str, work: InRead, runtime: Installation) -> Subscriptions:
    """Who consumes a topic, each with its state and backlog."""
    found = queries.subscriptions(work, runtime.reader, topic)
    return Subscriptions(topic=topic, subscriptions=[QueueBody.of(one, work.now) for one in found])


@router.post(
    "/subscriptions/{consumer}/pause",
    status_code=204,
    responses=problems(401, 403, 404, 422),
    **needs("deliveries:control"),
)
def pause_consumer(consumer: str, body: ToPause, work: InWork) -> None:
    """Have a consumer, or ``outbox-relay``, rest; what is appended waits for it."""
    control.pause(work, consumer, body.reason)


@router.post(
    "/subscriptions/{consumer}/resume",
    status_code=204,
    responses=problems(401, 403, 404),
    **needs("deliveries:control"),
)
def resume_consumer(consumer: str, work: InWork) -> None:
    """Have a paused consumer go on."""
    control.resume(work, consumer)


@router.post(
    "/subscriptions/{consumer}/retry",
    responses=problems(401, 403, 404),
    **needs("deliveries:control"),
)
def retry_consumer(consumer: str, work: InWork, tenant: str = "") -> Retried:
    """Have a consumer, or ``outbox-relay``, try at once where it is stuck."""
    return Retried(consumer=consumer, retried=control.retry(work, consumer, tenant))
