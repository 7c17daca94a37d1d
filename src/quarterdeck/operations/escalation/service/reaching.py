"""Who is told for a level: its targets as they stand at that instant, and by what."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from quarterdeck.kernel.work import Work
from quarterdeck.operations.contacts.model import Channel, Means
from quarterdeck.operations.escalation.model.policy import Kind, Level, Target
from quarterdeck.operations.escalation.service.named import contact, schedule
from quarterdeck.operations.escalation.severity import LADDER
from quarterdeck.operations.messages.model import Address, Where
from quarterdeck.operations.oncall.model.person import Known, Person
from quarterdeck.operations.oncall.people import people

PHONE = "phone"
CALLED = (Means.PHONE, Means.SMS, Means.PAGER)
BY_HAND = "to be called: no telephone is dialled from here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to tell somebody, or why there is none.

    Attributes:
        who: whom a target comes to.
        by: the means.
        person: their word and, where they are known, their id; empty: nobody in person.
    """

    target: str
    who: str = ""
    by: str = ""
    address: Address | None = None
    person: tuple[str, str] = ("", "")
    why: str = ""


def ways(
    work: Work, tenant: str, level: Level, severity: str, at: datetime | None = None
) -> list[Way]:
    """Every way to tell a level now, or at another instant, each address once."""
    found: dict[object, Way] = {}
    for target in level.targets:
        for way in _ways(work, tenant, target, severity, at or work.now):
            by = way.by or _by(level, way)
            key = way.address or (way.target, way.who, by)
            found.setdefault(key, replace(way, by=by))
    return [*found.values(), *_by_phone(level, list(found.values()))]


def _ways(work: Work, tenant: str, target: Target, severity: str, at: datetime) -> Iterator[Way]:
    said = str(target)
    match target.kind:
        case Kind.SCHEDULE:
            yield _scheduled(said, schedule(work, tenant, target.name, at))
        case Kind.PERSON:
            yield _person(said, people(work.db, tenant, [target.name]).of(target.name))
        case Kind.CONTACT:
            yield from _contact(work, tenant, target, severity)
        case Kind.CHANNEL:
            yield Way(
                target=said,
                who=target.name,
                by="channel",
                address=Address(where=Where.CHANNEL, name=target.name),
            )
        case Kind.MAIL:
            mail = Address(where=Where.MAIL, name=target.name)
            yield Way(
                target=said, who=target.name, by="mail", address=mail, person=(target.name, "")
            )
        case Kind.PHONE:
            yield Way(target=said, who=target.name, by=PHONE, why=BY_HAND)


def _scheduled(said: str, found: Person | None) -> Way:
    if found is None:
        return Way(target=said, why="there is no such schedule")
    return _person(said, found) if found.word else Way(target=said, why="nobody is on call")


def _person(said: str, found: Person) -> Way:
    if found.known is Known.SHUT_OUT:
        return Way(target=said, who=found.word, why=f"{found.word} is shut out")
    address = Address(where=Where.PERSON, name=found.word)
    return Way(target=said, who=found.word, address=address, person=(found.word, found.id))


def _contact(work: Work, tenant: str, target: Target, severity: str) -> Iterator[Way]:
    found = contact(work, tenant, target.name)
    if found is None:
        yield Way(target=str(target), why="there is no such contact")
    elif found.critical_only and severity != LADDER[0]:
        yield Way(target=str(target), who=found.title, why="is called for critical incidents only")
    else:
        for channel in found.channels:
            yield _channel(target, found.title, channel)


def _channel(target: Target, title: str, channel: Channel) -> Way:
    said, by = str(target), channel.means.value
    if channel.means is Means.MAIL:
        mail = Address(where=Where.MAIL, name=channel.address)
        return Way(target=said, who=title, by=by, address=mail, person=(channel.address, ""))
    why = BY_HAND if channel.means in CALLED else "nothing is sent there from here"
    return Way(target=said, who=f"{title}: {channel.address}", by=by, why=why)


def _by(level: Level, way: Way) -> str:
    """The means that the policy names for a person; a telephone apart, which is no message."""
    return ", ".join(one for one in level.by if one != PHONE) if way.address else ""


def _by_phone(level: Level, found: list[Way]) -> Iterator[Way]:
    """That whoever is told in person is to be called too, where the policy says so."""
    called = {way.target for way in found if way.by == PHONE}
    if PHONE in level.by:
        for way in found:
            if way.person[0] and way.target not in called:
                yield Way(target=way.target, who=way.who, by=PHONE, why=BY_HAND)
