"""A segment: a contiguous range of a log, sealed by a signed manifest.

A manifest is a signed note (c2sp.org/signed-note) whose text is two lines: the format, and
one canonical JSON object. It bears the SHA-256 of the manifest before it: a hash chain.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from urllib.parse import quote

from quarterdeck.kernel.errors import Conflict, NotFound, Unavailable
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import WIDTH, Tile

FORMAT = "quarterdeck-segment/v1"
NONE_BEFORE = "0" * 64
"""What the first manifest of a log names as the digest of the one before."""

CHAIN, TREE, SIGNATURE = "chain", "tree", "signature"


class SegmentNotFound(NotFound):
    """No such segment, or none that this actor may see."""


class StoreRefused(Conflict):
    """Another object stands there: what was written is never written over."""


class StoreUnavailable(Unavailable):
    """The segment store cannot be reached, or refuses us."""


class MalformedManifest(ValueError):
    """Not the text of a manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long objects are kept: one prefix of the store for each class."""

    name: str = "standard"
    keep: timedelta = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """When a range is sealed: it has so many records, or its oldest is so old."""

    most: int = 262_144
    age: timedelta = timedelta(hours=1)
    retention: Retention = field(default_factory=Retention)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is signed of a segment.

    Attributes:
        tenant, origin: whose log, and its name in checkpoints.
        number: from 0, without gaps.
        start, end: records ``start`` up to, without, ``end``.
        root: Merkle tree hash (RFC 6962) over the leaves of the range alone.
        tree_root: of the whole log at size ``end``.
        previous: SHA-256 of the manifest before, hexadecimal.
        key_id: the first four bytes of what signs it (signed-note), hexadecimal.
        retention: the class whose prefix it lies under.
        first_at, last_at: when its first and last record were received, microseconds.
        sealed_at: microseconds since 1970.
    """

    tenant: str
    origin: str
    number: int
    start: int
    end: int
    root: bytes
    tree_root: bytes
    previous: str
    key_id: str
    retention: str
    first_at: int
    last_at: int
    sealed_at: int

    @property
    def text(self) -> str:
        """The note's text."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        hashes = {name: b64encode(fields[name]).decode() for name in ("root", "tree_root")}
        document = json.dumps(fields | hashes, sort_keys=True, separators=(",", ":"))
        return f"{FORMAT}\n{document}\n"

    @classmethod
    def parse(cls, text: str) -> "Manifest":
        """Read a note's text; raise MalformedManifest unless it is exactly one."""
        head, _, document = text.partition("\n")
        try:
            fields = json.loads(document)
            hashes = {name: b64decode(fields[name]) for name in ("root", "tree_root")}
            found = cls(**fields | hashes)
        except (ValueError, TypeError, KeyError) as error:
            raise MalformedManifest(f"expected a manifest, got {document[:80]!r}") from error
        numbers = ("number", "start", "end", "first_at", "last_at", "sealed_at")
        plain = all(type(fields[name]) is int for name in numbers)
        if head != FORMAT or not plain or found.text != text:
            raise MalformedManifest(f"expected {FORMAT} in its canonical form")
        return found

    @property
    def id(self) -> str:
        """The segment's id: unique in the installation."""
        return f"{self.tenant}-{self.number:06}"

    @property
    def prefix(self) -> str:
        """Below what the objects of its log and class stand."""
        return prefix(self.retention, self.tenant)

    @property
    def key(self) -> str:
        """Where the manifest stands in the store."""
        return f"{self.prefix}/segments/{self.number:06}"

    def bundles(self) -> Iterator[Tile]:
        """The bundles of entries that hold the range, as they are at size ``end``."""
        for index in range(self.start // WIDTH, -(-self.end // WIDTH)):
            yield Tile(None, index, min(WIDTH, self.end - index * WIDTH))

    def resources(self) -> Iterator[Tile]:
        """What a log of size ``end`` has (c2sp.org/tlog-tiles) that one of ``start`` had not."""
        for level in (None, *tiles.levels(self.end)):
            old = self.start >> tiles.HEIGHT * (level or 0)
            new = self.end >> tiles.HEIGHT * (level or 0)
            for index in range(old // WIDTH, -(-new // WIDTH)):
                width = min(WIDTH, new - index * WIDTH)
                if index * WIDTH + width > old:
                    yield Tile(level, index, width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A manifest as it was sealed.

    Attributes:
        note: the signed manifest.
        stored: everything of it stands in the store.
    """

    manifest: Manifest
    note: bytes
    stored: bool = False

    @property
    def digest(self) -> str:
        """What the next manifest names as ``previous``."""
        return digest_of(self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One of the three results of a segment: ``found`` is empty where it is right.

    Attributes:
        name: ``chain``, ``tree`` or ``signature``.
        found: what is wrong, each with its position.
    """

    name: str
    found: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        return not self.found


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentVerdict:
    """What a check of one segment found.

    Attributes:
        checked: records whose hashes were computed.
        position: index of the first record that differs; None where none is known.
        purged: which records were purged, and by which policy: nothing wrong.
    """

    segment: str
    results: tuple[Result, ...]
    checked: int
    position: int | None = None
    purged: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        return all(result.right for result in self.results)


@dataclass(frozen=True, slots=True)
class Judged:
    """The last verdict on a segment.

    Attributes:
        found: by result, what is wrong; at: microseconds since 1970.
    """

    found: Mapping[str, Sequence[str]]
    at: int

    def right(self, name: str) -> bool:
        """Whether a result was right."""
        return not self.found.get(name)

    def words(self, name: str) -> str:
        """What was wrong with it."""
        return "; ".join(self.found.get(name, ()))


def prefix(retention: str, tenant: str) -> str:
    """Below what the objects of a log stand: tile/..., segments/..."""
    return f"{quote(retention, safe='')}/{quote(tenant, safe='')}"


def digest_of(note: bytes) -> str:
    """SHA-256 of a manifest as it was signed, hexadecimal."""
    return sha256(note).hexdigest()


def parts(segment: str) -> tuple[str, int]:
    """Tenant and number in an id; raise SegmentNotFound if it is none."""
    tenant, _, number = segment.rpartition("-")
    if not tenant or not (number.isascii() and number.isdigit()):
        raise SegmentNotFound(f"no segment {segment[:80]!r}; ids look like acme-000003")
    return tenant, int(number)
