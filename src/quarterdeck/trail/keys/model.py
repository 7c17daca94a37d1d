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


class KmsFailed(Unavailable):
    """A KMS did not wrap or unwrap; says which key of which KMS, and what to do."""


class KmsUnknown(Invalid):
    """No KMS has such a name, or none is set."""


class WrappedElsewhere(Conflict):
    """Another KMS wraps the keys already, or none does."""


class CustodyMoved(Conflict):
    """Another changed meanwhile who wraps the keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """A secret that only a KMS can open.

    Attributes:
        version: the KMS's own name of the key that wrapped it, its version included.
    """

    version: str
    algorithm: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """Who holds the key of the key folder, under which the secrets of its files are sealed.

    Attributes:
        id: of the folder's key; each sealed file names it.
        kms: the name by which the KMS is opened.
        made_at: when it was wrapped, microseconds since 1970.
    """

    id: str
    kms: str
    wrapped: Wrapped
    made_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A wrapping that was tried, and has changed nothing yet.

    Attributes:
        before: what it takes the place of; None where keys lie open.
        key: the folder's key.
    """

    before: Wrapping | None
    after: Wrapping
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """How the files of the key folder are kept now.

    Attributes:
        wrapping: None where no KMS wraps them.
        sealed, plain: files with secrets, by whether these are sealed.
    """

    wrapping: Wrapping | None
    sealed: int
    plain: int

    @property
    def whole(self) -> bool:
        """Whether all are kept in one way: none was left over by a change that broke off."""
        return not (self.plain if self.wrapping else self.sealed)


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
