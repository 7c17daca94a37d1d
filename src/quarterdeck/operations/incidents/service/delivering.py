"""Delivers letters to audiences by the outbox, and keeps whom each went to, in which words."""

from collections.abc import Iterable, Iterator, Sequence

from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.model.bulletin import Bulletin, Letter, Way
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.timeline import Wrote
from quarterdeck.operations.incidents.service.keeping import own, write
from quarterdeck.operations.incidents.store import bulletins
from quarterdeck.operations.messages.model import Posted, Urgency
from quarterdeck.operations.messages.service.posting import post


def deliver(
    work: Work, incident: Incident, letters: Sequence[Letter], *, key: str, by: str
) -> list[Bulletin]:
    """Post each letter, and write down what went where: the same ``key`` is posted once.

    A way that there is not is in its bulletin, with why: never silently left out.
    """
    first = bulletins.next_number(work.db, own(incident), incident.id)
    return [
        _delivered(work, incident, letter, number, key=f"{key}/{number}", by=by)
        for number, letter in enumerate(letters, first)
    ]


def reached(made: Iterable[Bulletin]) -> int:
    """To how many addresses and channels something went."""
    return sum(1 for one in made for way in one.ways if way.message)


def _delivered(
    work: Work, incident: Incident, letter: Letter, number: int, *, key: str, by: str
) -> Bulletin:
    posted = post(
        work,
        incident.tenant,
        letter.to,
        letter.content,
        key=f"{incident.id}/{key}",
        about=f"incident/{incident.id}",
        urgency=Urgency.PROMPT,
    )
    made = Bulletin(
        number=number,
        audience=letter.audience,
        title=letter.title,
        version=letter.version,
        by=by,
        at=work.now,
        subject=letter.content.title,
        text=letter.content.text,
        ways=(*_ways(posted), *letter.deaf),
    )
    bulletins.add(work.db, incident.tenant, incident.id, made)
    write(work, incident, Wrote.NOTICE, _line(made), by=by)
    return made


def _ways(posted: Iterable[Posted]) -> Iterator[Way]:
    for one in posted:
        yield Way(address=one.address.name, message=one.message, why=one.why)


def _line(made: Bulletin) -> str:
    """Who was told, by what, in which words; and whom nothing reached."""
    told = ", ".join(way.address for way in made.ways if way.message)
    deaf = "; ".join(f"{way.address}: {way.why}" for way in made.ways if way.why)
    head = f"{made.title} told ({told})" if told else f"{made.title} not told"
    return f"{head}: {made.subject}\n{made.text}" + (f"\nNot told: {deaf}" if deaf else "")
