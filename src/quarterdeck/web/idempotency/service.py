"""Claims on keys, and the answers kept under them.

Three short transactions would lose an answer, or do a write twice, if the process died in
between. So there are two. The claim is one by itself, so that a repetition sees it and is
told 409 at once. The answer is written by the transaction of the write it answers: both are
there or neither. A process that dies between the two leaves a claim and no write; when its
lease is over the next repetition takes the claim, and the write is done then. A slow owner
whose claim was taken finds its token gone when it keeps its answer, and rolls its write back.
"""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import Connection, Engine

from quarterdeck.kernel import db as database
from quarterdeck.kernel.clock import MICROSECOND
from quarterdeck.web.idempotency import store
from quarterdeck.web.idempotency.model import (
    AnswerNotKept,
    Claim,
    ClaimLost,
    InFlight,
    Kept,
    KeyReused,
)

LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(hours=24)


def claim(engine: Engine, actor: str, key: str, digest: str) -> Claim | Kept:
    """The right to do this request now; or its answer, if it was done already.

    Raises:
        KeyReused: the key stands for another request.
        InFlight: that request is being done now.
        AnswerNotKept: it was done, and its answer is not to be had again.
    """
    wanted = Claim(actor=actor, key=key, digest=digest, token=str(uuid4()))
    with database.writing(engine) as db:
        store.sweep(db)
        if store.add(db, wanted, LEASE // MICROSECOND, KEPT_FOR // MICROSECOND):
            return wanted
        return _known(db, wanted)


def keep(db: Connection, held: Claim, answer: Kept) -> None:
    """Write the answer to the claim's request, in the transaction of its write.

    Raises:
        ClaimLost: somebody took the claim over; this write must not stand.
    """
    if not store.keep(db, held, answer):
        raise ClaimLost("this request took too long; ask again under the same key for its answer")


def release(engine: Engine, held: Claim) -> None:
    """Give back a claim whose request was refused: nothing was written, it may be repeated."""
    with database.writing(engine) as db:
        store.release(db, held)


def _known(db: Connection, wanted: Claim) -> Claim | Kept:
    if store.digest_of(db, wanted) not in (wanted.digest, None):
        raise KeyReused(
            "this Idempotency-Key stands for another request, or for other rights; make a new one"
        )
    answer = store.kept(db, wanted)
    if answer is None:
        if store.take_over(db, wanted, LEASE // MICROSECOND):
            return wanted
        raise InFlight("the first request under this Idempotency-Key is still being answered")
    if answer.body is None:
        raise AnswerNotKept(
            f"this was done (status {answer.status}); its answer is not kept: look the thing up"
        )
    return answer
