"""Tests a channel: says something by it at once, and what came back.

In three parts, for nobody holds a transaction open while the outside world is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quarterdeck.events.channels import ChannelTested
from quarterdeck.kernel.db import storable
from quarterdeck.kernel.work import Work
from quarterdeck.operations.channels.model.channel import Kept, Kind, UnusableChannel
from quarterdeck.operations.channels.ports import Safe
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.messages.model import FAILED, SENT, Content, Message, Urgency
from quarterdeck.operations.messages.ports import Outlet, Parcel
from quarterdeck.operations.messages.service.outcomes import MESSAGES, REFUSED, TAKEN
from quarterdeck.operations.messages.service.sending import MOST_WORDS
from quarterdeck.operations.messages.store import outbox
from quarterdeck.operations.sending.model import Reply

TEST = "channels:test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came back of one parcel."""

    parcel: Parcel
    shown: str
    reply: Reply


def prepared(work: Work, tenant: str, name: str, safe: Safe) -> list[Parcel]:
    """What a test of a channel sends: one parcel for each place where it comes out.

    Raises:
        NoSuchChannel: there is none.
        UnusableChannel: it needs its secret.
        SecretLost: its secret cannot be opened.
    """
    work.require(TEST, tenant)
    kept = keeping.one(work, tenant, name)
    if kept.lacks:
        raise UnusableChannel(f"channel {name} {kept.lacks}")
    made = Parcel(
        id=work.new_id(),
        tenant=tenant,
        kind=kept.channel.kind,
        address="",
        channel=kept.channel,
        secret=keeping.secret_of(kept, safe),
        contents=(_words(work, kept),),
        about=f"channel/{name}",
        at=work.now,
    )
    if made.kind is not Kind.EMAIL:
        return [made]
    return [replace(made, id=work.new_id(), address=one) for one in kept.channel.to]


def carried(outlet: Outlet, parcels: Sequence[Parcel]) -> list[Tried]:
    """Send them, and hear what comes back. While no transaction that writes is open."""
    return [
        Tried(parcel=one, shown=_shown(one), reply=outlet.carriers[one.kind].carry(one))
        for one in parcels
    ]


def noted(work: Work, tenant: str, name: str, tried: Sequence[Tried]) -> None:
    """Write down that it was tested, and what came of it."""
    work.require(TEST, tenant)
    for one in tried:
        outbox.add(work.db, [_message(work, one)])
        MESSAGES.labels(one.parcel.kind.value, TAKEN if one.reply.taken else REFUSED).inc()
    answer = "taken" if all(one.reply.taken for one in tried) else "refused"
    work.publish(ChannelTested(tenant=tenant, channel=name, answer=answer))


def _words(work: Work, kept: Kept) -> Content:
    return Content(
        title=f"Test of channel {kept.channel.name}",
        text="Somebody asked Quarterdeck to show that this channel works. It does.",
        severity="info",
        facts=(("tenant", kept.tenant), ("asked at", f"{work.now:%Y-%m-%d %H:%M:%S} UTC")),
    )


def _shown(one: Parcel) -> str:
    return one.address or (one.channel.shown if one.channel else "")


def _message(work: Work, one: Tried) -> Message:
    parcel, reply = one.parcel, one.reply
    name = parcel.channel.name if parcel.channel else ""
    return Message(
        id=parcel.id,
        tenant=parcel.tenant,
        key=f"test/{parcel.id}",
        about=parcel.about,
        way=f"mail:{parcel.address}" if parcel.kind is Kind.EMAIL else f"channel:{name}",
        channel=name,
        kind=parcel.kind.value,
        address=one.shown,
        person="",
        urgency=Urgency.PROMPT,
        content=parcel.contents[0],
        state=SENT if reply.taken else FAILED,
        created_at=work.now,
        due_at=work.now,
        give_up_at=work.now,
        attempts=1,
        error=storable(reply.error)[:MOST_WORDS],
        receipt=storable(reply.receipt)[:MOST_WORDS],
        ended_at=work.now,
    )
