"""Who holds the keys of all logs: a KMS that wraps them, or their folder's rights alone.

Each verb that changes it is one use case. What asks the KMS comes first, in ``prepare_*``
and outside of any transaction: where the KMS is not there, nothing was changed.
"""

from quarterdeck.events.trail import KeysRewrapped, KeysUnwrapped, KeysWrapped
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Work
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import (
    Custody,
    KmsUnknown,
    Prepared,
    WrappedElsewhere,
    Wrapping,
)

PERMISSION = "keys:wrap"


def custody(work: Work, keys: KeyStore) -> Custody:
    """How keys are kept now."""
    work.require("keys:read", PLATFORM)
    return keys.custody()


def prepare_wrap(work: Work, keys: KeyStore, kms: str) -> Prepared:
    """Have ``kms`` wrap the folder's key. Again for the same KMS: to end what broke off.

    Raises:
        KmsUnknown: none is set.
        WrappedElsewhere: another KMS wraps them.
        KmsFailed
    """
    work.require(PERMISSION, PLATFORM)
    before = keys.envelope.wrapping()
    if before is not None and before.kms != keys.envelope.named(_set(kms)):
        raise WrappedElsewhere(
            f"{before.kms} wraps the keys already; to have {kms} do it instead: "
            "quarterdeck keys rewrap"
        )
    return keys.envelope.prepared(_set(kms), micros(work.now))


def prepare_rewrap(work: Work, keys: KeyStore, kms: str) -> Prepared:
    """Have the newest version of ``kms``'s key wrap the folder's key, or another KMS than before.

    Raises:
        KmsUnknown: none is set.
        WrappedElsewhere: none wraps them yet.
        KmsFailed
    """
    work.require(PERMISSION, PLATFORM)
    _wrapped(keys)
    return keys.envelope.prepared(_set(kms), micros(work.now))


def prepare_unwrap(work: Work, keys: KeyStore) -> Wrapping:
    """Have the folder's key at hand: from memory, if this process was opened while it could be.

    Raises:
        WrappedElsewhere: none wraps them.
        KmsFailed
    """
    work.require(PERMISSION, PLATFORM)
    wrapping = _wrapped(keys)
    keys.envelope.key(wrapping)
    return wrapping


def wrap(work: Work, keys: KeyStore, prepared: Prepared) -> Custody:
    """Seal every key file. Broken off midway, all can be read, and ``wrap`` again ends it."""
    work.require(PERMISSION, PLATFORM)
    count, after = keys.seal_all(prepared), prepared.after
    work.publish(
        KeysWrapped(tenant=PLATFORM, kms=after.kms, version=after.wrapped.version, files=count)
    )
    return keys.custody()


def rewrap(work: Work, keys: KeyStore, prepared: Prepared) -> Custody:
    """Put one file in place of another; the sealed files stay as they are."""
    work.require(PERMISSION, PLATFORM)
    keys.seal_all(prepared)
    before, after = prepared.before, prepared.after
    work.publish(
        KeysRewrapped(
            tenant=PLATFORM,
            kms=after.kms,
            version=after.wrapped.version,
            before=before.wrapped.version if before else "",
        )
    )
    return keys.custody()


def unwrap(work: Work, keys: KeyStore, wrapping: Wrapping) -> Custody:
    """Open every key file again. Broken off midway, all can be read, and again ends it."""
    work.require(PERMISSION, PLATFORM)
    count = keys.open_all(wrapping)
    work.publish(KeysUnwrapped(tenant=PLATFORM, kms=wrapping.kms, files=count))
    return keys.custody()


def _set(kms: str) -> str:
    if not kms:
        raise KmsUnknown("no KMS is set: name one in QUARTERDECK_KMS, and start again")
    return kms


def _wrapped(keys: KeyStore) -> Wrapping:
    wrapping = keys.envelope.wrapping()
    if wrapping is None:
        raise WrappedElsewhere("no KMS wraps the keys: quarterdeck keys wrap has one do it")
    return wrapping
