"""By which ways an address is reached."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from quarterdeck.access.principals import service as principals
from quarterdeck.kernel.work import Work
from quarterdeck.operations.channels.model.channel import Channel, Kind, UnusableChannel, check_mail
from quarterdeck.operations.channels.model.methods import By, KeptMethods
from quarterdeck.operations.channels.service import keeping, reaching
from quarterdeck.operations.messages.model import Address, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to an address; or none, and why.

    Attributes:
        quiet_until: until then a person is told nothing that can wait.
    """

    id: str = ""
    channel: str = ""
    kind: str = ""
    shown: str = ""
    person: str = ""
    quiet_until: datetime | None = None
    why: str = ""


def ways_to(work: Work, tenant: str, to: Address) -> list[Way]:
    """Every way to an address: one at least, be it that there is none."""
    match to.where:
        case Where.MAIL:
            return [_mail(to.name)]
        case Where.CHANNEL:
            return _channel(work, tenant, to.name)
        case Where.PERSON:
            return _person(work, tenant, to.name)


def _mail(address: str) -> Way:
    try:
        check_mail(address)
    except UnusableChannel as error:
        return Way(why=str(error))
    return Way(id=f"mail:{address}", kind=Kind.EMAIL.value, shown=address)


def _channel(work: Work, tenant: str, name: str) -> list[Way]:
    kept = keeping.usable(work.db, tenant, name)
    if kept is None:
        return [Way(why=f"no channel {name[:80]!r}")]
    if kept.lacks:
        return [Way(why=f"channel {name!r} {kept.lacks}")]
    return list(_out_of(kept.channel))


def _out_of(channel: Channel) -> Iterable[Way]:
    """A mail to each recipient: what one of them refuses, the others have."""
    if channel.kind is Kind.EMAIL:
        return [replace(_mail(one), channel=channel.name) for one in channel.to]
    way = Way(
        id=f"channel:{channel.name}",
        channel=channel.name,
        kind=channel.kind.value,
        shown=channel.shown,
    )
    return [way]


def _person(work: Work, tenant: str, word: str) -> list[Way]:
    kept = reaching.methods_of(work.db, tenant, word)
    found = _by_methods(work, tenant, kept) if kept else [_by_name(work, tenant, word)]
    quiet = kept.methods.quiet if kept else None
    until = quiet.over_at(work.now) if quiet else None
    return [replace(way, person=word, quiet_until=until) for way in found]


def _by_methods(work: Work, tenant: str, kept: KeptMethods) -> list[Way]:
    found: list[Way] = []
    for one in kept.methods.ways:
        found += [_mail(one.name)] if one.by is By.MAIL else _channel(work, tenant, one.name)
    return found


def _by_name(work: Work, tenant: str, word: str) -> Way:
    """Of whom no methods are known: the mail address that their word is, or that access knows."""
    known = principals.people(work.db, [word], tenant).get(word)
    if known and known.disabled_at:
        return Way(why=f"{word[:80]} was shut out")
    address = known.email if known and known.email else word
    way = _mail(address)
    return way if not way.why else Way(why=f"{word[:80]} has no method")
