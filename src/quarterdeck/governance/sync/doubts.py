"""What the cloud told no more, and was not believed yet: it is not known whether it is gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.governance.cloud.ports import CloudFailure
from quarterdeck.governance.sync.failures import Doubted, Unseen
from quarterdeck.governance.sync.model import Run
from quarterdeck.kernel.ids import ConnectionId

EVERYTHING = "the list of subscriptions is empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Items that are kept though a run found them no more.

    Attributes:
        place: what lacks them, in words.
        subscription: whose they are, in lower case; empty where all of the connection's are.
        again: it is asked again and then believed; else it is never believed, for who lost
            their last role is told the same.
        since: when a run first found them no more.
    """

    connection: ConnectionId
    domain: str
    tenant: str
    place: str
    subscription: str
    items: int
    again: bool
    since: datetime


def doubts_of(run: Run, failures: Iterable[CloudFailure], at: datetime) -> list[Doubt]:
    """What ``run`` did not believe, each place once."""
    found = {}
    for one in failures:
        if isinstance(one, Doubted):
            found[one.where] = (one.subscription, one.gone, True)
        elif isinstance(one, Unseen) and one.gone:
            found[EVERYTHING] = ("", one.gone, False)
    return [
        Doubt(
            connection=run.connection,
            domain=run.domain,
            tenant=run.tenant,
            place=place,
            subscription=subscription.casefold(),
            items=items,
            again=again,
            since=at,
        )
        for place, (subscription, items, again) in found.items()
    ]
