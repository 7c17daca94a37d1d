"""Before appending: a log is opened, and a record becomes what a sequencer appends."""

import os
from base64 import urlsafe_b64decode
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from json import loads

from sqlalchemy import Connection

from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import DataKey
from quarterdeck.trail.keys.note import Signer
from quarterdeck.trail.keys.seal import seal
from quarterdeck.trail.log.disclosure import SALT_BYTES, Disclosure, path_of
from quarterdeck.trail.log.model import Committed, Draft, Prepared, Sealed
from quarterdeck.trail.log.record import Class, Record, RecordTooLarge
from quarterdeck.trail.log.storage import leaves
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


def prepare(
    keys: KeyStore, draft: Draft, key_of: Callable[[str], DataKey], digest: bytes = b""
) -> Prepared:
    """The draft as a sequencer appends it: entry, leaf hash, disclosures sealed.

    ``key_of`` gives a subject's data key, which must be durable before the leaf is; without
    committed fields it is asked only for a payload that does not fit into the leaf. ``digest``
    is of the body that came under the record's idempotency tag.

    Raises:
        RecordTooLarge: it does not fit into a leaf even with its payload committed.
    """
    fitting, made, entry = _written(draft)
    record = fitting.record
    return Prepared(
        log=record.tenant,
        record=record.id,
        entry=entry,
        hash=leaf_hash(entry),
        moment=record.received_at,
        tag=raw_tag(record.idempotency),
        digest=digest,
        disclosures=tuple(
            _sealed(keys, key_of(committed.subject), record, disclosure)
            for committed, disclosure in zip(fitting.committed, made, strict=True)
        ),
    )


def prepare_all(
    db: Connection, keys: KeyStore, drafts: Sequence[Draft], now: datetime
) -> list[Prepared]:
    """``prepare``, with data keys from ``db``, made where there are none.

    Commit before the leaves are appended: a leaf whose key was rolled back is never readable.
    """
    about: dict[str, set[str]] = {}
    for draft in drafts:
        about.setdefault(draft.record.tenant, set()).update(one.subject for one in draft.committed)
    known = {
        tenant: data_keys.data_keys(db, keys, tenant, sorted(subjects), now)
        for tenant, subjects in sorted(about.items())
        if subjects
    }

    def key_of(draft: Draft, who: str) -> DataKey:
        tenant = draft.record.tenant
        return known.get(tenant, {}).get(who) or data_keys.data_key(db, keys, tenant, who, now)

    return [prepare(keys, draft, partial(key_of, draft)) for draft in drafts]


def raw_tag(idempotency: str) -> bytes:
    """The 32 bytes of a record's idempotency tag."""
    return urlsafe_b64decode(idempotency + "=")


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


def _sealed(keys: KeyStore, key: DataKey, record: Record, disclosure: Disclosure) -> Sealed:
    origin = keys.of(record.tenant).origin
    place = (record.tenant, origin, record.id, disclosure.path)
    text = seal(key.secret, disclosure.text.encode(), *place)
    return Sealed(disclosure.path, key.id, text)
