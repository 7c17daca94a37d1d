"""Keys: what a tenant's log has, and what can be wrong with them."""

from dataclasses import dataclass, field

from quarterdeck.kernel.errors import Conflict, Invalid, Unavailable


class KeyUnusable(Unavailable):
    """A key file is damaged, or others can read it."""


class KeyMissing(Unavailable):
    """A log stands, but its key is gone."""


class KeyRotated(Conflict):
    """Another rotated the key meanwhile."""


class BackupRefused(Invalid):
    """The backup cannot be made or read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantKeys:
    """The first secrets of one tenant. They never change while its log lives.

    Attributes:
        origin: the log's name, as in c2sp.org/tlog-checkpoint; also the key's name.
        seed: of the log's first Ed25519 key; ``ring`` has those that followed.
        root: what the tenant's other keys are derived from.
    """

    origin: str
    seed: bytes = field(repr=False)
    root: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """The key of one subject of a tenant. Once destroyed, what it sealed is lost.

    Attributes:
        subject: whom or what the sealed values are about: ``principals:<id>``.
    """

    id: str
    tenant: str
    subject: str
    secret: bytes = field(repr=False)
