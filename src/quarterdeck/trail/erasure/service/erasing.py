"""The step that erases: all of it in one transaction, so that a crash leaves all or nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Engine

from quarterdeck.access.epoch import service as epoch
from quarterdeck.events.keeping import SubjectErased
from quarterdeck.kernel.clock import micros, rfc3339
from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.erasure import store
from quarterdeck.trail.erasure.model import Certificate, Erasure, State, Unreached, keys_in
from quarterdeck.trail.erasure.service.asking import WANTED, refuse, refused
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import Held, OnHold, keeping
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.ports import Reader, Removal
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.keeping import Retention
from quarterdeck.trail.policy.model import Kind

PRINCIPAL = "principals:"
NEVER = (
    Unreached(what="exports, copies and answers that were handed out before"),
    Unreached(what="fields classed public, and the ids of actors and resources, in the records"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What erasures work on.

    Attributes:
        read: where the read models are.
    """

    reader: Reader
    removal: Removal
    keys: KeyStore
    read: Engine


def erase(work: Work, ground: Ground, tenant: str, erasure: str) -> Erasure | None:
    """Destroy the keys of an approved erasure's subject, and certify it.

    None: it was decided already. Held or frozen by now: it ends as refused.
    """
    epoch.advance(work)
    mine = Tenants(frozenset({tenant}))
    found = store.one(work.db, mine, erasure)
    if found is None or found.state is not State.APPROVED:
        return None
    destroyed = data_keys.ids_of(work.db, tenant, found.subject)
    sealed = {i for i, key in ground.removal.sealed_under(tenant) if key in set(destroyed)}
    try:
        refuse(work.db, tenant, found.subject)
        _refuse_held(work, ground, found, sealed)
    except Conflict as error:
        return refused(work, found, str(error))
    return _erased(work, ground, found, (destroyed, len(sealed)))


def destroyed(work: Work, tenant: str, erasure: str) -> Sequence[str]:
    """The ids of the keys that an erasure destroyed; none where it did not."""
    found = store.one(work.db, Tenants(frozenset({tenant})), erasure)
    return keys_in(found.certificate) if found is not None and found.certificate else ()


def _erased(
    work: Work, ground: Ground, found: Erasure, what: tuple[Collection[str], int]
) -> Erasure:
    keys, records = what
    certificate = Certificate(
        origin=ground.keys.of(found.tenant).origin,
        erasure=found.id,
        subject_tag=found.tag,
        keys=list(keys),
        records=records,
        requested_by=found.requested_by,
        approved_by=found.approved_by,
        erased_at=rfc3339(work.now),
        not_reached=(*NEVER, _backups(work, found.tenant, work.now)),
    )
    note = ground.keys.signer(found.tenant).sign(certificate.text).decode()
    data_keys.destroy(work.db, found.tenant, keys, f"erased:{found.tag}")
    ended = replace(
        found,
        subject="",
        state=State.DONE,
        done_at=micros(work.now),
        keys=len(keys),
        records=records,
        certificate=note,
    )
    store.change(work.db, Tenants(frozenset({found.tenant})), State.APPROVED, ended)
    work.publish(
        SubjectErased(
            tenant=found.tenant,
            erasure=found.id,
            subject_tag=found.tag,
            keys=len(keys),
            certificate=note,
            person=found.subject.removeprefix(PRINCIPAL)
            if found.subject.startswith(PRINCIPAL)
            else "",
        )
    )
    return ended


def _refuse_held(work: Work, ground: Ground, found: Erasure, sealed: Collection[int]) -> None:
    """Raise OnHold where a hold keeps one of the records that the subject's keys seal."""
    standing = holds.standing(work.db, found.tenant)
    if not standing:
        return
    kept: set[str] = set()
    for index in sorted(sealed):
        for entry in ground.reader.entries(found.tenant, index, 1):
            if entry:
                kept |= set(keeping(standing, _held(entry, found.subject)))
    if kept:
        raise OnHold(found.tenant, WANTED, kept)


def _held(entry: bytes, subject: str) -> Held:
    record = orjson.loads(entry)
    actor, resource = record["actor"], record["resource"]
    return Held(
        at=micros(datetime.fromisoformat(record["received_at"])),
        actor=f"{actor['type']}:{actor['id']}",
        resource=f"{resource['type']}:{resource['id']}",
        subjects=frozenset({subject}),
    )


def _backups(work: Work, tenant: str, now: datetime) -> Unreached:
    kept = Retention.of(policy.document(work.db, tenant, Kind.RETENTION)).backups_days
    until = rfc3339(now + timedelta(days=kept))
    return Unreached(what="backups of the wrapped keys that were made before", until=until)
