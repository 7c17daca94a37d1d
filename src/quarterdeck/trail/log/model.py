"""The log: its head, what was signed of it, and what goes into it."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from quarterdeck.kernel.errors import Conflict, NotFound, Unavailable
from quarterdeck.trail.log.record import Record
from quarterdeck.trail.proof.tree import HASH_BYTES

MAX_INDEX = 2**53 - 1
"""Of a record: the largest number that every reader of JSON keeps exact (RFC 8259, 6)."""


class CheckpointMoved(Conflict):
    """Another writer published first."""


class LogNotFound(NotFound):
    """No such log, or none that has begun."""


class LeafNotFound(NotFound):
    """The log has no such leaf, or none that is proven yet."""


class LeafPurged(NotFound):
    """The record was removed by retention policy; its hash and every proof stay."""


class TileNotFound(NotFound):
    """The log has no such tile."""


class LogDamaged(Unavailable):
    """What is stored is not what was signed; nothing more is signed.

    Attributes:
        good: of a bundle, the entries before the damage.
    """

    def __init__(self, message: str, good: Sequence[bytes] = ()) -> None:
        super().__init__(message)
        self.good = list(good)


class JournalHeld(Unavailable):
    """Another process appends to this journal."""


class JournalClosed(Unavailable):
    """Nothing can be appended now: the journal is closed, or its disk failed."""


class JournalFull(Unavailable):
    """The disk has too little room to append."""


class QueueFull(Unavailable):
    """More waits to be appended than may wait."""


class MalformedHead(ValueError):
    """Not the text of a checkpoint."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed commitment to the first ``size`` entries of a log.

    Attributes:
        log: the origin line, as in c2sp.org/tlog-checkpoint.
        size: number of entries committed to.
        note: the signed note, exactly as published.
        at: when it was signed, microseconds since 1970; not part of the note.
        second_vkey: of the ML-DSA-44 key that cosigned it; empty where none did, and in what
            is read from files, which do not say.
    """

    log: str
    size: int
    note: bytes
    at: int = 0
    second_vkey: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint says (c2sp.org/tlog-checkpoint)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text: three lines."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Read a note's text; extension lines are let pass. Raise MalformedHead if it is none."""
        lines = text.split("\n")
        try:
            origin, size, root = lines[0], int(lines[1]), b64decode(lines[2], validate=True)
        except (IndexError, ValueError) as error:
            raise MalformedHead("expected three lines: origin, size, root hash") from error
        head = cls(origin, size, root)
        if not origin or len(root) != HASH_BYTES or not text.startswith(head.text):
            raise MalformedHead("expected an origin, a plain number, and a hash of 32 bytes")
        return head


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One tenant's log.

    Attributes:
        tenant: whose; also the log's name in URLs.
        vkey: ``name+hash+key`` of what signs it, since it began.
        size: leaves appended; the last ones may not be in a checkpoint yet.
    """

    tenant: str
    origin: str
    vkey: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A value that a leaf commits to without showing it.

    Attributes:
        path: see ``disclosure.path_of``.
        subject: whose data key seals it; erasing the subject erases the value.
    """

    path: str
    value: Any
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record to append, and what it is to commit to."""

    record: Record
    committed: tuple[Committed, ...] = ()
    subject: str


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """A disclosure, sealed under the data key of its subject.

    Attributes:
        path: see ``disclosure.path_of``.
        data_key: the key's id.
    """

    path: str
    data_key: str
    sealed: bytes


class Prepared(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A record ready to be appended: nothing about it is decided any more but its index.

    As a Struct one is made in a fifth of a microsecond; as a frozen dataclass, in five.

    Attributes:
        log: the tenant whose log it is.
        record: its id.
        entry: its canonical bytes.
        hash: of the leaf (RFC 6962).
        moment: when it was received, microseconds since 1970.
        tag: what makes it exactly one leaf however often it comes: the raw idempotency tag
            (HMAC under a key of the tenant's), at least 16 bytes.
        digest: of the body that came under the tag, at most 32 bytes; empty: not compared.
    """

    log: str
    record: str
    entry: bytes
    hash: bytes
    moment: int
    tag: bytes
    digest: bytes = b""
    disclosures: tuple[Sealed, ...] = ()


class Known(msgspec.Struct, frozen=True, gc=False):
    """What a tag was used for: the leaf's index, and the digest of the body."""

    index: int
    digest: bytes = b""


class Appended(msgspec.Struct, frozen=True, gc=False):
    """Where a record stands in its log.

    Attributes:
        leaf_hash: empty where ``known``: ask the reader for it.
        known: what stands there came earlier under the same tag, with this digest of its
            body; None: it is new.
    """

    index: int
    leaf_hash: bytes
    known: Known | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A leaf as stored.

    Attributes:
        entry: empty where it was purged.
        proven: a checkpoint commits to it.
    """

    index: int
    hash: bytes
    entry: bytes
    proven: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What one step of integration made.

    Attributes:
        log: the tenant.
        old: None where the log begins.
        hashes: for each tile level that grew: (level, index of the first, the new hashes).
    """

    log: str
    old: Checkpoint | None
    new: Checkpoint
    hashes: tuple[tuple[int, int, tuple[bytes, ...]], ...]

    @property
    def before(self) -> int:
        """Leaves before the step."""
        return self.old.size if self.old else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """A record as a reader sees it.

    Attributes:
        record: the entry's members.
        payload: its payload, read as JSON; committed fields are missing.
        hidden: class by path of the fields that are committed and not shown.
        disclosed: value by path of those that are shown.
    """

    index: int
    leaf_hash: bytes
    proven: bool
    record: Mapping[str, Any]
    payload: Any
    hidden: Mapping[str, str]
    disclosed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Served:
    """A tile or a bundle, as it is served.

    Attributes:
        whole: whether it holds all that it should; if not, it is damaged.
    """

    content: bytes
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """A proof that a leaf is in the log, complete with the checkpoint it leads to."""

    index: int
    leaf_hash: bytes
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint
