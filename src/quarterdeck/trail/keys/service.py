"""Data keys: one for each subject of a tenant, so that forgetting a subject is destroying a key.

Callers hold the tenant's log head (see ``log.service``), so that no two make a subject's
first key at once.
"""

from datetime import datetime

from sqlalchemy import Connection

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import uuid7
from quarterdeck.trail.keys import store
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import DataKey
from quarterdeck.trail.keys.seal import new_key, seal, unseal

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


def opened(db: Connection, keys: KeyStore, tenant: str, key: str) -> DataKey | None:
    """The tenant's data key of this id; None once it was destroyed.

    Raises:
        Unsealable: the row was altered, or belongs to another tenant's key.
    """
    row = store.by_id(db, tenant, key)
    if row is None or row.wrapped is None:
        return None
    return _unwrapped(keys, row, row.wrapped)


def _unwrapped(keys: KeyStore, row: store.WrappedKey, wrapped: bytes) -> DataKey:
    secret = unseal(keys.derived(row.tenant, WRAP), wrapped, row.tenant, row.subject, row.id)
    return DataKey(id=row.id, tenant=row.tenant, subject=row.subject, secret=secret)
