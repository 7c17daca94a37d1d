"""/trail/dead-letters: what consumers did not receive, and what is done about it."""

import json
from typing import Annotated, Any

from fastapi import Form, Query
from starlette.responses import HTMLResponse, RedirectResponse

from quarterdeck.console.frame import InFrame, see
from quarterdeck.trail.deliveries.advice import ADVICE, STEPS
from quarterdeck.trail.deliveries.message import Kind, Wanted
from quarterdeck.trail.deliveries.model import Reason, Standing, Subscription
from quarterdeck.trail.deliveries.replay import Order
from quarterdeck.trail.deliveries.service import control, queries, replaying, triage
from quarterdeck.web.deps import InWork
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router
from quarterdeck.web.trials import here_of

router = page_router()

READS, REPLAYS = needs("deadletters:read"), needs("deadletters:replay")
TRIAGES, CONTROLS = needs("deadletters:triage"), needs("deliveries:control")
HERE = "/trail/dead-letters"
MAX_WORD = 200
Word = Annotated[str, Query(max_length=MAX_WORD)]
Said = Annotated[str, Form(max_length=500)]


@router.get(HERE, response_class=HTMLResponse, **READS)
def dead_letters(
    frame: InFrame, page: InPage, consumer: Word = "", reason: Word = "", kind: Word = ""
) -> HTMLResponse:
    """Every queue, and the dead letters of one."""
    reader = frame.runtime.reader
    queues = queries.subscriptions(frame.work, reader)
    chosen = next((q for q in queues if q.consumer == consumer), None) or _fullest(queues)
    found = []
    if chosen is not None:
        wanted = Wanted(
            consumer=chosen.consumer,
            reason=reason,
            kind=kind,
            tenant=frame.shell.tenant,
            quarantined=True,
        )
        found = triage.peek(frame.work, wanted, _spot(page.after), page.fetch)
    more = len(found) > page.limit
    return frame.show(
        "deadletters.html",
        relay=queries.publisher(frame.work, reader),
        queues=queues,
        chosen=chosen,
        letters=found[: page.limit],
        following=page.next(triage.spot(found[page.limit - 1])) if more else "",
        reason=reason,
        kind=kind,
        reasons=list(Reason),
        kinds=list(Kind),
        marks_of=MARKS,
    )


@router.get(HERE + "/{consumer}/{message}", response_class=HTMLResponse, **READS)
def dead_letter(frame: InFrame, consumer: str, message: str) -> HTMLResponse:
    """One dead letter: body, headers, reason, what it indicates and what to do."""
    letter = triage.inspect(frame.work, frame.runtime.reader, consumer, message)
    return frame.show(
        "deadletter.html",
        letter=letter.message,
        body=_pretty(letter.body),
        leaf=letter.leaf_hash.hex(),
        advice=ADVICE[letter.message.failure.reason],
        steps=STEPS[letter.message.kind],
        kinds=[kind for kind in Kind if kind is not Kind.MALICIOUS],
        people=frame.people(),
    )


@router.post(HERE + "/rehearse", response_class=HTMLResponse, **REPLAYS)
def rehearse(
    frame: InFrame,
    consumer: Said,
    message: Said = "",
    wanted: Said = "",
    max_count: Annotated[int, Form(ge=1)] = 10,
) -> HTMLResponse:
    """What a replay would do; nothing changes. The way to the replay leads through here."""
    order = Order(
        consumer=consumer, message=message, filter=wanted, max_count=max_count, dry_run=True
    )
    here = here_of(frame.runtime)
    found = replaying.rehearse(frame.work, frame.runtime.reader, order, here)
    return frame.show("replay.html", order=order, rehearsal=found, report=None)


@router.post(HERE + "/replay", **REPLAYS)
def replay(
    work: InWork,
    consumer: Said,
    message: Said = "",
    wanted: Said = "",
    max_count: Annotated[int, Form(ge=1)] = 10,
) -> RedirectResponse:
    """Deliver dead letters once more; then look at how that goes."""
    order = Order(
        consumer=consumer, message=message, filter=wanted, max_count=max_count, confirm=True
    )
    return see(f"/trail/replays/{replaying.begin_replay(work, order)}")


@router.get("/trail/replays/{replay}", response_class=HTMLResponse, **READS)
def replay_page(frame: InFrame, replay: str) -> HTMLResponse:
    """How a replay goes."""
    found = replaying.report(frame.work, frame.runtime.reader, replay)
    return frame.show("replay.html", order=None, rehearsal=None, report=found)


@router.post(HERE + "/{consumer}/{message}/classify", **TRIAGES)
def classify(work: InWork, consumer: str, message: str, kind: Said) -> RedirectResponse:
    """Say what kind of failure it is."""
    triage.classify(work, consumer, message, kind)
    return see(f"{HERE}/{consumer}/{message}")


@router.post(HERE + "/{consumer}/{message}/quarantine", **TRIAGES)
def quarantine(work: InWork, consumer: str, message: str, reason: Said) -> RedirectResponse:
    """Leave it out of every replay."""
    triage.quarantine(work, consumer, message, reason)
    return see(f"{HERE}/{consumer}/{message}")


@router.post(HERE + "/{consumer}/retry", **CONTROLS)
def retry(work: InWork, consumer: str) -> RedirectResponse:
    """Have a consumer try at once where it is stuck."""
    control.retry(work, consumer)
    return see(HERE)


MARKS = {
    Standing.ACTIVE: "ok",
    Standing.PAUSED: "unknown",
    Standing.STUCK: "critical",
    Standing.DOWN: "critical",
}
"""The mark of each state of a consumer."""


def _fullest(queues: list[Subscription]) -> Subscription | None:
    return max(queues, key=lambda one: one.dead, default=None)


def _spot(after: Key | None) -> tuple[int, str] | None:
    return None if after is None else (int(after[0] or 0), str(after[1]))


def _pretty(body: str | None) -> str:
    """A record as people read it; what is none stays as it is."""
    if body is None:
        return ""
    try:
        found: Any = json.loads(body)
    except ValueError:
        return body
    return json.dumps(found, indent=2, ensure_ascii=False)
