"""Who is meant by the words of schedules: people of the tenant, as access knows them."""

from collections.abc import Iterable

from sqlalchemy import Connection

from quarterdeck.access.principals import service as principals
from quarterdeck.operations.oncall.model.person import Known, People, Person


def people(db: Connection, tenant: str, words: Iterable[str]) -> People:
    """Who they are; whoever is not known there, or was shut out, is said to be so."""
    named = dict.fromkeys(word for word in words if word.isprintable())  # so it can be stored
    found = principals.people(db, named, tenant)
    return People(
        {
            word: Person(
                word=word,
                name=one.name,
                known=Known.SHUT_OUT if one.disabled_at else Known.KNOWN,
                id=one.id,
            )
            for word, one in found.items()
        }
    )
