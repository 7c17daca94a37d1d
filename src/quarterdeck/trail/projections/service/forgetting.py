"""Rows leave the read models: those of records that are purged, and of what was erased."""

from collections.abc import Collection, Sequence

from sqlalchemy import Engine

from quarterdeck.kernel.db import writing
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import ROWS, Name, rows_of
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.projections.service.projector import readable
from quarterdeck.trail.projections.token import key_term


def forget(read: Engine, log: str, fields: Fields, indices: Sequence[int]) -> None:
    """Take the rows of these leaves away; call it while their entries stand there."""
    reader = fields.reader
    leaves = [leaf for index in indices for leaf in reader.read(log, index, 1) if leaf.entry]
    records = readable(leaves)
    with writing(read) as db:
        number = store.number_of(db, log)
        for name in ROWS:
            store.remove(db, rows_of(name, number, records))
        store.remove(db, {Name.FIELDS: fields.rows_of(log, number, set(indices))})
        store.remove_words(db, number, indices)


def forget_sealed(read: Engine, log: str, keys: Collection[str]) -> None:
    """Take away all that fields under these data keys were found by, for good.

    Call it once the keys are destroyed, and have committed; again is nothing.
    """
    if keys:
        with writing(read) as db:
            store.hold(db, Name.FIELDS, log)
            store.erase_fields(db, store.number_of(db, log), set(map(key_term, keys)))
    store.scrub(read)
