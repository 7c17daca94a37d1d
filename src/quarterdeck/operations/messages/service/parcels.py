"""What goes out together: parcels of messages, with the secret of their channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby

from sqlalchemy import Connection

from quarterdeck.operations.channels.model.channel import Kept, Kind
from quarterdeck.operations.channels.ports import Safe, SecretLost
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.messages.model import AT_ONCE, IN_BUNDLE, IN_ORDER, Message, Urgency
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.messages.store import claims
from quarterdeck.operations.sending.model import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Messages that go to one address in one request; most often one."""

    messages: tuple[Message, ...]

    @property
    def way(self) -> tuple[str, str]:
        """Whose it is, and where it goes."""
        return self.messages[0].tenant, self.messages[0].way


def bundled(db: Connection, claimed: Sequence[Message], lease: timedelta) -> Iterator[Bundle]:
    """What was claimed, put together where it may be, and where much waits for one address."""
    by = sorted(claimed, key=lambda one: (one.tenant, one.way, one.urgency, one.seq))
    for _, group in groupby(by, key=lambda one: (one.tenant, one.way, one.urgency)):
        found = list(group)
        if _goes_together(db, found):
            more = claims.claim_beside(db, lease, found[0], max(IN_BUNDLE - len(found), 0))
            yield Bundle(messages=(*found, *more))
        else:
            yield from (Bundle(messages=(one,)) for one in found)


def parcel(
    db: Connection, safe: Safe, bundle: Bundle, kept: Kept | None, at: datetime
) -> Parcel | Reply:
    """The request that a bundle comes to; or why it comes to none. ``kept``: its channel."""
    first = bundle.messages[0]
    if first.channel and kept is None:
        return Reply(error=f"channel {first.channel} is gone")
    if kept and kept.channel.kind != first.kind:  # its secret is for another
        return Reply(error=f"channel {first.channel} is of another kind now")
    if kept and kept.lacks:
        return Reply(error=f"channel {first.channel} {kept.lacks}", again=True)
    try:
        secret = keeping.secret_of(kept, safe) if kept else ""
    except SecretLost as error:
        return Reply(error=str(error), again=True)
    return Parcel(
        id=_id(bundle),
        tenant=first.tenant,
        kind=Kind(first.kind),
        address=first.address,
        channel=kept.channel if kept else None,
        secret=secret,
        contents=tuple(one.content for one in bundle.messages),
        about=first.about,
        attempt=max(one.attempts for one in bundle.messages),
        receipt=claims.receipt_of(db, first) if first.kind in IN_ORDER else "",
        at=at,
    )


def _goes_together(db: Connection, found: Sequence[Message]) -> bool:
    first = found[0]
    if first.urgency in (Urgency.PAGE, Urgency.WHOLE) or first.kind in IN_ORDER:
        return False
    if first.urgency is Urgency.BATCH:
        return True
    return len(found) + claims.waiting_for(db, first) > AT_ONCE


def _id(bundle: Bundle) -> str:
    """Of one message its own; of several worked out of theirs."""
    ids = [one.id for one in bundle.messages]
    return ids[0] if len(ids) == 1 else sha256(" ".join(ids).encode()).hexdigest()[:32]
