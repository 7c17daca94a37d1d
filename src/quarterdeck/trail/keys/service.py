"""Data keys: one for each subject of a tenant, so that forgetting a subject is destroying a key.

Callers hold the tenant's log head (see ``log.service``), so that no two make a subject's
first key at once.
"""

from collections.abc import Collection
from contextlib import closing, suppress
from datetime import datetime

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import uuid7
from quarterdeck.trail.keys import store
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import DataKey
from quarterdeck.trail.keys.seal import Unsealable, new_key, seal, unseal

WRAP = "trail wrap v1"


def data_key(db: Connection, keys: KeyStore, tenant: str, subject: str, now: datetime) -> DataKey:
    """The key of a subject, made now if it has none."""
    row = store.living(db, tenant, subject)
    if row is not None and row.wrapped is not None:
        return _unwrapped(keys, row, row.wrapped)
    key = DataKey(id=uuid7(now), tenant=tenant, subject=subject, secret=new_key())
    wrapped = seal(keys.derived(tenant, WRAP), key.secret, tenant, subject, key.id)
    store.add(
        db,
        {
            "id": key.id,
            "tenant": tenant,
            "subject": subject,
            "wrapped": wrapped,
            "made_at": micros(now),
        },
    )
    return key


def data_keys(
    db: Connection, keys: KeyStore, tenant: str, subjects: Collection[str], now: datetime
) -> dict[str, DataKey]:
    """The keys of many subjects, by subject, made now where there are none.

    Two that make a subject's first key at once, in two transactions, get the same.
    """
    found = data_keys_of(db, keys, tenant, subjects)
    made = [s for s in subjects if s not in found]
    if not made:
        return found
    store.add_missing(db, [_new(keys, tenant, subject, now) for subject in made])
    return found | data_keys_of(db, keys, tenant, made)


def data_keys_of(
    db: Connection, keys: KeyStore, tenant: str, subjects: Collection[str]
) -> dict[str, DataKey]:
    """The keys of those subjects that have one, by subject."""
    rows = store.living_of(db, tenant, subjects)
    return {r.subject: _unwrapped(keys, r, r.wrapped) for r in rows if r.wrapped is not None}


def _new(keys: KeyStore, tenant: str, subject: str, now: datetime) -> dict[str, str | bytes | int]:
    key, name = new_key(), uuid7(now)
    return {
        "id": name,
        "tenant": tenant,
        "subject": subject,
        "wrapped": seal(keys.derived(tenant, WRAP), key, tenant, subject, name),
        "made_at": micros(now),
    }


def opened(db: Connection, keys: KeyStore, tenant: str, key: str) -> DataKey | None:
    """The tenant's data key of this id; None once it was destroyed.

    Raises:
        Unsealable: the row was altered, or belongs to another tenant's key.
    """
    row = store.by_id(db, tenant, key)
    if row is None or row.wrapped is None:
        return None
    return _unwrapped(keys, row, row.wrapped)


def opened_all(
    db: Connection, keys: KeyStore, tenant: str, ids: Collection[str]
) -> dict[str, DataKey]:
    """Those of the tenant's data keys that were neither destroyed nor altered, by id."""
    found = {}
    for row in store.by_ids(db, tenant, ids):
        with suppress(Unsealable):
            found[row.id] = _unwrapped(keys, row, row.wrapped or b"")
    return found


def _unwrapped(keys: KeyStore, row: store.WrappedKey, wrapped: bytes) -> DataKey:
    secret = unseal(keys.derived(row.tenant, WRAP), wrapped, row.tenant, row.subject, row.id)
    return DataKey(id=row.id, tenant=row.tenant, subject=row.subject, secret=secret)


def ids_of(db: Connection, tenant: str, subject: str) -> list[str]:
    """The ids of a subject's keys that are not destroyed."""
    return store.ids_of(db, tenant, subject)


def living_before(db: Connection, tenant: str, moment: int) -> list[str]:
    """The ids of the tenant's keys made until ``moment`` that are not destroyed."""
    return store.living_before(db, tenant, moment)


def destroy(db: Connection, tenant: str, keys: Collection[str], instead: str) -> int:
    """Destroy these keys, and name ``instead`` where their subjects stood; how many.

    Move the access epoch in the same transaction: processes then drop what they cached.
    """
    return sum(store.destroy(db, tenant, key, instead) for key in keys)


def scrub(engine: Engine) -> None:
    """Have destroyed keys leave the database's own files too, as far as it lets us.

    SQLite: its log is emptied, unless somebody reads just then. PostgreSQL: dead rows are
    made room of; its own write-ahead log is its archive's affair.
    """
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as raw:  # in no transaction, as it asks for
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("VACUUM trail_data_key")
