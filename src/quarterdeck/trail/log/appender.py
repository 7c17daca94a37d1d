"""Appending: a record becomes a leaf, in the transaction of whoever appends it.

So a leaf and, say, a subscriber's place are written together or not at all.
"""

import os
from dataclasses import replace
from datetime import datetime
from json import loads

from sqlalchemy import Connection

from quarterdeck.kernel.clock import micros
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import DataKey
from quarterdeck.trail.keys.note import Signer
from quarterdeck.trail.keys.seal import seal
from quarterdeck.trail.log.disclosure import SALT_BYTES, Disclosure, path_of
from quarterdeck.trail.log.model import Appended, Committed, Draft, Leaf, LogNotFound
from quarterdeck.trail.log.record import Class, Record, RecordTooLarge
from quarterdeck.trail.log.storage import disclosures, leaves
from quarterdeck.trail.proof.tree import leaf_hash

PAYLOAD = path_of("payload")


def open_log(db: Connection, keys: KeyStore, tenant: str) -> None:
    """Begin the tenant's log unless it has begun; check that its keys are there.

    Keys are made for a log that has not begun, and never again: a log whose keys were made
    anew would fork.

    Raises:
        KeyMissing: the log has begun, but its keys are gone.
        KeyUnusable: their file is damaged, or others can read it.
    """
    if leaves.one(db, tenant) is not None:
        keys.of(tenant)
        return
    begun = keys.begin(tenant)
    leaves.begin(db, tenant, begun.origin, Signer(begun.origin, begun.seed).verifier.vkey)


def append(db: Connection, keys: KeyStore, draft: Draft, now: datetime) -> Appended:
    """Append a record to its tenant's open log; one whose id is in it is not appended again.

    Raises:
        RecordTooLarge: it does not fit into a leaf even with its payload committed.
        LogNotFound: the log was not opened.
    """
    log = draft.record.tenant
    if known := leaves.find(db, log, draft.record.id):
        return Appended(known.index, known.hash)
    index = leaves.take(db, log)
    if index is None:
        raise LogNotFound(f"the log of {log} is not open")
    fitting, made, entry = _written(draft)
    leaf = Leaf(index=index, hash=leaf_hash(entry), entry=entry)
    leaves.add(db, log, leaf, draft.record.id, micros(now))
    for committed, disclosure in zip(fitting.committed, made, strict=True):
        key = data_keys.data_key(db, keys, log, committed.subject, now)
        sealed = _sealed(keys, key, fitting.record, disclosure)
        disclosures.add(db, log, index, committed.path, key.id, sealed)
    return Appended(index, leaf.hash)


def _written(draft: Draft) -> tuple[Draft, list[Disclosure], bytes]:
    """The draft, what it discloses, and its entry; its payload committed whole if it must be."""
    try:
        return _tried(draft)
    except RecordTooLarge:
        if draft.record.payload is None:
            raise
        return _tried(_without_payload(draft, draft.record.payload))


def _tried(draft: Draft) -> tuple[Draft, list[Disclosure], bytes]:
    made = [Disclosure.make(c.path, c.value, os.urandom(SALT_BYTES)) for c in draft.committed]
    # Sorted, so that their order tells nothing about the fields (RFC 9901, 4.2.4.1).
    digests = tuple(sorted(disclosure.digest for disclosure in made))
    record = replace(draft.record, sd=digests) if made else draft.record
    return draft, made, record.encode()


def _without_payload(draft: Draft, payload: str) -> Draft:
    classes = dict(draft.record.classification) | {PAYLOAD: Class.INTERNAL}
    whole = Committed(path=PAYLOAD, value=loads(payload), subject=draft.subject)
    return replace(
        draft,
        record=replace(draft.record, payload=None, classification=classes),
        committed=(*draft.committed, whole),
    )


def _sealed(keys: KeyStore, key: DataKey, record: Record, disclosure: Disclosure) -> bytes:
    origin = keys.of(record.tenant).origin
    place = (record.tenant, origin, record.id, disclosure.path)
    return seal(key.secret, disclosure.text.encode(), *place)
