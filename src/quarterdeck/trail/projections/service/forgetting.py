"""Rows of records that are about to be purged leave the read models."""

from collections.abc import Sequence

from sqlalchemy import Engine

from quarterdeck.kernel.db import writing
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import Name, rows_of
from quarterdeck.trail.projections.service.projector import readable


def forget(read: Engine, log: str, reader: Reader, indices: Sequence[int]) -> None:
    """Take the rows of these leaves away; call it while their entries stand there."""
    leaves = [leaf for index in indices for leaf in reader.read(log, index, 1) if leaf.entry]
    records = readable(leaves)
    with writing(read) as db:
        number = store.number_of(db, log)
        for name in (Name.TIMELINE, Name.ACTOR, Name.RESOURCE):
            store.remove(db, rows_of(name, number, records))
        store.remove_words(db, number, indices)
