"""/api/v1/trail/dead-letters: what a consumer did not receive, and what is done about it."""

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import Query, Response
from pydantic import BaseModel, Field

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import begin
from quarterdeck.trail.deliveries.advice import ADVICE, STEPS
from quarterdeck.trail.deliveries.message import Kind, Message, Wanted
from quarterdeck.trail.deliveries.model import TOPIC, Batch, Reason
from quarterdeck.trail.deliveries.replay import (
    MAX_COUNT,
    Order,
    Rehearsal,
    Report,
    narrowed,
)
from quarterdeck.trail.deliveries.service import replaying, triage
from quarterdeck.trail.deliveries.service.triage import MAX_RECEIVED, Letter
from quarterdeck.trail.deliveries.trials import Trial
from quarterdeck.trail.log.model import MAX_INDEX
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router
from quarterdeck.web.trials import here_of, lock_of

router = api_router(prefix="/trail", tags=["dead letters"])

MAX_WORD = 200
Word = Annotated[str, Query(max_length=MAX_WORD)]


class LetterRow(BaseModel):
    """One dead letter."""

    id: str = Field(description="Of the record; of a fact where the consumer is ``trail``.")
    consumer: str
    tenant: str
    index: int = Field(description="Of the record in its log.")
    state: Literal["dead", "quarantined", "scheduled"]
    reason: Reason
    kind: Kind = Field(description="What kind of failure it is; it says what comes next.")
    error: str
    delivery_count: int
    enqueued_at: datetime
    dead_at: datetime | None
    locked_until: datetime | None
    note: str = Field(description="Why it is in quarantine.")
    noted_by: str

    @classmethod
    def of(cls, one: Message) -> Self:
        return cls(
            id=one.id,
            consumer=one.consumer,
            tenant=one.log,
            index=one.index,
            state=one.state.value,
            reason=one.failure.reason,
            kind=one.kind,
            error=one.failure.error,
            delivery_count=one.deliveries,
            enqueued_at=one.enqueued_at,
            dead_at=one.dead_at,
            locked_until=one.locked_until,
            note=one.note,
            noted_by=one.noted_by,
        )


class Letters(BaseModel):
    """A page of dead letters, oldest first."""

    dead_letters: list[LetterRow]


class ReceivedRow(LetterRow):
    """A dead letter that is locked for whoever received it."""

    lock_token: str


class Received(BaseModel):
    """What was received; nobody else receives or replays it until the lock ends."""

    dead_letters: list[ReceivedRow]


class LetterBody(LetterRow):
    """One dead letter, whole."""

    headers: dict[str, Any]
    body: Any = Field(description="The record, committed fields hidden; null: not yours to read.")
    meaning: str
    indicates: str
    action: str
    next_steps: list[str]

    @classmethod
    def whole(cls, letter: Letter) -> "LetterBody":
        """With its body and what to do."""
        one, advice = letter.message, ADVICE[letter.message.failure.reason]
        headers = {"topic": TOPIC, "log": one.log, "index": one.index, "message_id": one.id}
        leaf = b64encode(letter.leaf_hash).decode()
        return cls(
            **LetterRow.of(one).model_dump(),
            headers=headers | {"delivery_count": one.deliveries, "leaf_hash": leaf},
            body=_parsed(letter.body),
            meaning=advice.meaning,
            indicates=advice.indicates,
            action=advice.action,
            next_steps=list(STEPS[one.kind]),
        )


class ToReceive(Body):
    """How many to receive."""

    consumer: str = Field(examples=["projection-worker"])
    max_message_count: int = Field(1, ge=1, le=MAX_RECEIVED)


class ToClassify(Body):
    """What kind of failure it is."""

    kind: Kind


class ToQuarantine(Body):
    """Why it is left out of every replay."""

    reason: str = Field(min_length=1, max_length=500)


class ToRehearse(Body):
    """Which dead letters to try, and where."""

    consumer: str = Field(examples=["projection-worker"])
    message_id: str = ""
    filter: str = Field(
        "", description="reason=, class=, tenant=, from=, to=; parted by spaces, all must hold."
    )
    max_count: int = Field(1, ge=1, le=MAX_COUNT)
    environment: str = Field("", description="A configured sandbox; empty: here.")

    def order(self, **said: Any) -> Order:  # noqa: ANN401  the words of a replay
        """As the domain has it."""
        return Order(
            consumer=self.consumer,
            message=self.message_id,
            filter=self.filter,
            max_count=self.max_count,
            environment=self.environment,
            **said,
        )


class ToReplay(ToRehearse):
    """Which dead letters to deliver once more."""

    environment: Literal[""] = Field("", description="Of a rehearsal; replays happen here.")
    confirm: bool = Field(default=False, description="Must be true; rehearse first.")
    incident: str = Field("", max_length=100, description="Whose timeline tells of it.")


class TrialBody(BaseModel):
    """What came of a delivery that was undone."""

    applied: bool | None = Field(description="null: it was not tried; ``error`` says why.")
    reason: Reason | None
    error: str

    @classmethod
    def of(cls, one: Trial) -> Self:
        return cls(applied=one.applied, reason=one.reason, error=one.error)


class ReplayBody(BaseModel):
    """A replay: rehearsed (``id`` is null, nothing changed) or ordered."""

    id: str | None
    consumer: str
    environment: str
    dry_run: bool
    matching: int | None = Field(description="Dead letters that are meant; of a rehearsal.")
    chosen: int
    pending: int
    succeeded: int
    failed: int
    new_dead_letters: int
    lag: int = Field(description="Records that await the consumer.")
    oldest_seconds: float
    health: str = Field(description="How the consumer is: active, paused, stuck or down.")
    trials: dict[str, TrialBody] = Field(description="Of the first ones, by message id.")

    @classmethod
    def rehearsed(cls, found: Rehearsal) -> Self:
        return cls(
            id=None,
            consumer=found.consumer,
            environment=found.environment,
            dry_run=True,
            matching=found.matching,
            chosen=found.chosen,
            pending=0,
            succeeded=0,
            failed=0,
            new_dead_letters=0,
            lag=0,
            oldest_seconds=0,
            health="",
            trials={name: TrialBody.of(one) for name, one in found.trials.items()},
        )

    @classmethod
    def of(cls, found: Report) -> Self:
        return cls(
            id=found.id,
            consumer=found.consumer,
            environment="",
            dry_run=False,
            matching=None,
            chosen=found.chosen,
            pending=found.pending,
            succeeded=found.succeeded,
            failed=found.failed,
            new_dead_letters=found.new,
            lag=found.lag,
            oldest_seconds=found.oldest_s,
            health=found.standing,
            trials={},
        )


class ToTry(Body):
    """A record of another installation, to be tried here."""

    consumer: str
    log: str
    index: int = Field(0, ge=0, le=MAX_INDEX)
    entry: str = Field(description="The canonical record, base64.", examples=["e30="])


@router.get("/dead-letters", responses=problems(401, 403, 404, 422), **needs("deadletters:read"))
def list_dead_letters(  # noqa: PLR0913, PLR0917  the filter: each a part of the address
    work: InRead,
    response: Response,
    page: InPage,
    consumer: Word,
    tenant: Word = "",
    filter: Word = "",  # noqa: A002  as the runbook's flag
    quarantined: bool = True,  # noqa: FBT001, FBT002  a query parameter
) -> Letters:
    """What a consumer did not receive, oldest first. To look changes nothing."""
    wanted = Wanted(consumer=consumer, tenant=tenant, quarantined=quarantined)
    found = triage.peek(work, narrowed(wanted, filter), _spot(page.after), page.fetch)
    shown = page.turn(response, found, triage.spot)
    return Letters(dead_letters=[LetterRow.of(one) for one in shown])


@router.post(
    "/dead-letters/receive", responses=problems(401, 403, 404, 422), **needs("deadletters:replay")
)
def receive_dead_letters(body: ToReceive, work: InWork, runtime: Installation) -> Received:
    """The oldest that nobody has received, locked for a look at them; then they are back."""
    found = triage.receive(work, body.consumer, body.max_message_count, lock_of(runtime))
    return Received(
        dead_letters=[
            ReceivedRow(**LetterRow.of(one).model_dump(), lock_token=one.lock) for one in found
        ]
    )


@router.post(
    "/dead-letters/rehearse",
    responses=problems(401, 403, 404, 409, 422, 503),
    **needs("deadletters:replay"),
)
def rehearse_replay(body: ToRehearse, work: InRead, runtime: Installation) -> ReplayBody:
    """What a replay would do: here, or in a sandbox. No dead letter and no consumer changes.

    A record that goes to a sandbox leaves a record of that.
    """
    order = body.order(dry_run=True)
    where = replaying.environment_of(order.environment, here_of(runtime), runtime.sandboxes)
    if order.environment:
        # Before it leaves; in a transaction of its own, for a trial must not wait within one.
        with begin(runtime.engine, work.actor, runtime.clock, work.request) as told:
            replaying.tell_tested(told, order)
    return ReplayBody.rehearsed(replaying.rehearse(work, runtime.reader, order, where))


@router.post(
    "/dead-letters/replay",
    responses=problems(401, 403, 404, 409, 422),
    **needs("deadletters:replay"),
)
def replay_dead_letters(body: ToReplay, work: InWork, runtime: Installation) -> ReplayBody:
    """Deliver dead letters once more. Refused (409) without ``confirm``.

    What is in quarantine, or received by somebody, is left out.
    """
    replay = replaying.begin_replay(work, body.order(confirm=body.confirm, incident=body.incident))
    return ReplayBody.of(replaying.report(work, runtime.reader, replay))


@router.get("/replays/{replay}", responses=problems(401, 403, 404), **needs("deadletters:read"))
def get_replay(replay: str, work: InRead, runtime: Installation) -> ReplayBody:
    """How a replay goes: succeeded, failed, new dead letters, lag, health."""
    return ReplayBody.of(replaying.report(work, runtime.reader, replay))


@router.post(
    "/dead-letters/trial",
    responses=problems(401, 403, 404, 422, 503),
    **needs("deadletters:replay"),
)
def try_record(body: ToTry, work: InRead, runtime: Installation) -> TrialBody:
    """Have a consumer here apply a record of another installation, and undo that.

    What a production asks of its sandbox before a replay.
    """
    work.tenants(triage.REPLAYS)
    try:
        entry = b64decode(body.entry, validate=True)
    except (NotBase64, ValueError) as error:
        raise Invalid("entry must be base64") from error
    batch = Batch(log=body.log, first=body.index, entries=(entry,), again=True)
    return TrialBody.of(here_of(runtime).trial(body.consumer, batch))


@router.get(
    "/dead-letters/{consumer}/{message}",
    responses=problems(401, 403, 404),
    **needs("deadletters:read"),
)
def get_dead_letter(consumer: str, message: str, work: InRead, runtime: Installation) -> LetterBody:
    """One dead letter: body, headers, reason, what it indicates and what to do."""
    return LetterBody.whole(triage.inspect(work, runtime.reader, consumer, message))


@router.post(
    "/dead-letters/{consumer}/{message}/classify",
    responses=problems(401, 403, 404, 409, 422),
    **needs("deadletters:triage"),
)
def classify_dead_letter(consumer: str, message: str, body: ToClassify, work: InWork) -> LetterRow:
    """Say what kind of failure it is."""
    return LetterRow.of(triage.classify(work, consumer, message, body.kind))


@router.post(
    "/dead-letters/{consumer}/{message}/quarantine",
    responses=problems(401, 403, 404, 422),
    **needs("deadletters:triage"),
)
def quarantine_dead_letter(
    consumer: str, message: str, body: ToQuarantine, work: InWork
) -> LetterRow:
    """Leave it out of every replay: it is malicious or invalid."""
    return LetterRow.of(triage.quarantine(work, consumer, message, body.reason))


def _spot(after: Key | None) -> tuple[int, str] | None:
    return None if after is None else (int(after[0] or 0), str(after[1]))


def _parsed(body: str | None) -> Any:  # noqa: ANN401  JSON, or the text that is none
    try:
        return None if body is None else json.loads(body)
    except ValueError:
        return body
