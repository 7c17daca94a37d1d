"""The bundle: records with their proof, and the program that verifies them. Format
``quarterdeck-export/1``, see docs/explanation/exports.md.

The same export makes the same bytes: nothing in it says when or where it was written.
"""

import json
from array import array
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from quarterdeck.kernel.db import reading
from quarterdeck.trail.export.model import BUNDLE_FORMAT, Export, Picked, Written
from quarterdeck.trail.export.selection import Source, purge_records
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.log.canonical import canonical
from quarterdeck.trail.proof import multi, tiles

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can say
UNIX, PLAIN_FILE = 3, 0o100644 << 16
IN_MEMORY = 1 << 20
PART = 1 << 16
README = """An export of the trail of {tenant}: {which} of {first} to {last}, by index.

Unpack it, and verify it with Python 3.9 or newer; no account and no network is needed:

    python3 -I verify.py --key 'NAME+HASH+KEY'

Take the key from someone you trust, not from here: whoever alters an export can sign it
anew with a key of their own. Without --key it says whether the export is consistent, and
that the signer is not known. With --since CHECKPOINT, one that you kept, it also shows that
the log was not rolled back.

records.ndjson      one record a line, rising by index; "hash" alone where it is withheld
disclosures.ndjson  values that records commit to without showing them (as RFC 9901)
purges.ndjson       records beyond these that say why some of them are gone
proof               hashes that lead from the records to the checkpoint's root (RFC 6962)
checkpoint          what the log signed: its size and its root (C2SP tlog-checkpoint)
keys                the log's keys, as it names them itself
reports.json        reports of the period, where this is an evidence package
policy.json         by which rules the fields of the records were classified
manifest.json       what this is, and the digest of every file; signed in manifest.sig
"""


@dataclass(slots=True)
class Sums:
    """What passed: how many bytes, and their digest."""

    size: int = 0
    digest: Any = field(default_factory=sha256)

    def add(self, part: bytes) -> bytes:
        self.size += len(part)
        self.digest.update(part)
        return part


@dataclass(slots=True)
class Archive:
    """A zip that is written member by member, and sums each."""

    zip: ZipFile
    members: dict[str, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def member(self, name: str) -> Iterator[Any]:
        """Writes one member: a function of bytes."""
        sums, info = Sums(), _info(name)
        with self.zip.open(info, "w", force_zip64=True) as out:
            yield lambda part: out.write(sums.add(part))
        self.members[name] = {"sha256": sums.digest.hexdigest(), "bytes": sums.size}

    def put(self, name: str, content: bytes) -> None:
        with self.member(name) as write:
            write(content)


def write(
    out: IO[bytes],
    source: Source,
    export: Export,
    records: Iterable[Picked],
    policies: Mapping[str, Any],
) -> Written:
    """Write the bundle; ``policies`` are filled while ``records`` are read."""
    # A zip is read by its list at the end; without that every member is there, and unnamed.
    with (
        ZipFile(out, "w", ZIP_STORED) as opened,
        SpooledTemporaryFile(IN_MEMORY) as disclosures,
    ):
        archive = Archive(opened)
        told = _records(archive, records, disclosures)
        disclosures.seek(0)
        with archive.member("disclosures.ndjson") as put:
            while part := disclosures.read(PART):
                put(part)
        beside = _purges(archive, source, export, told)
        _proof(archive, source, export, sorted({*told.indices, *beside}))
        _constants(archive, source, export, policies)
        written = Written(
            records=len(told.indices), withheld=told.withheld, disclosed=told.disclosed
        )
        _seal(archive, source, export, written)
    return written


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, LONG_AGO)
    info.create_system, info.external_attr = UNIX, PLAIN_FILE
    return info


@dataclass(slots=True)
class Told:
    """What was written of records.

    Attributes:
        by: the purge records that say why some of them are gone.
    """

    indices: "array[int]" = field(default_factory=lambda: array("q"))
    withheld: int = 0
    disclosed: int = 0
    by: set[int] = field(default_factory=set)


def _records(archive: Archive, records: Iterable[Picked], disclosures: IO[bytes]) -> Told:
    told = Told()
    with archive.member("records.ndjson") as put:
        for one in records:
            put(_line(_row(one)))
            told.indices.append(one.index)
            told.withheld += one.entry is None
            if one.purged is not None:
                told.by.add(one.purged)
            for text in one.disclosures:
                disclosures.write(_line({"index": one.index, "disclosure": text}))
                told.disclosed += 1
    return told


def _row(one: Picked) -> dict[str, Any]:
    row: dict[str, Any] = {"index": one.index, "hash": b64encode(one.hash).decode()}
    if one.entry is not None:
        row["entry"] = one.entry
    if one.purged is not None:
        row["purged"] = one.purged
    return row


def _purges(archive: Archive, source: Source, export: Export, told: Told) -> list[int]:
    """Write the purge records that are not among the records, and may be proven; their indices."""
    found = list(purge_records(source, export, told.by))
    archive.put("purges.ndjson", b"".join(_line(_row(one)) for one in found))
    return [one.index for one in found]


def _proof(archive: Archive, source: Source, export: Export, indices: Sequence[int]) -> None:
    tile = cache(
        lambda level, start: source.reader.hashes(export.tenant, level, start, tiles.WIDTH)
    )

    def hashes(level: int, start: int, count: int) -> Sequence[bytes]:
        inside = start % tiles.WIDTH
        return tile(level, start - inside)[inside : inside + count]

    found = multi.prove(hashes, indices, export.size) if indices else []
    archive.put("proof", b"".join(b64encode(one) + b"\n" for one in found))


def _constants(
    archive: Archive, source: Source, export: Export, policies: Mapping[str, Any]
) -> None:
    keys = [key.verifier.vkey for key in source.keys.ring(export.tenant)]
    readme = README.format(
        tenant=export.tenant,
        which="every record" if export.complete else "a selection",
        first=export.first,
        last=export.end - 1,
    )
    archive.put("checkpoint", export.note)
    archive.put("keys", "".join(f"{one}\n" for one in keys).encode())
    archive.put("policy.json", _line(dict(policies)))
    if export.enclosed:
        archive.put("reports.json", export.enclosed.encode())
    archive.put("README.txt", readme.encode())
    archive.put("verify.py", files(__package__).joinpath("verify.py").read_bytes())


def _seal(archive: Archive, source: Source, export: Export, written: Written) -> None:
    signer = source.keys.signer(export.tenant)
    quarantine = _quarantine(source, export)
    manifest = canonical(
        {
            "format": BUNDLE_FORMAT,
            "tenant": export.tenant,
            "origin": signer.name,
            "first": export.first,
            "end": export.end,
            "complete": export.complete,
            "filter": export.filter,
            "records": written.records,
            "withheld": written.withheld,
            "size": export.size,
            "requester": export.requester,
            "policy": export.policy,
            "files": dict(archive.members),
            **({"quarantine": quarantine} if quarantine else {}),
        }
    )
    archive.put("manifest.json", manifest)
    text = f"{BUNDLE_FORMAT}\n{sha256(manifest).hexdigest()}\n"
    archive.put("manifest.sig", signer.sign(text))


def _quarantine(source: Source, export: Export) -> list[dict[str, Any]]:
    """Which of the range came while tampering or a loss was looked into, and how that ended."""
    with reading(source.engine) as db:
        found = freezes.quarantines(db, export.tenant)
    return [
        {
            "investigation": one.investigation,
            "first": max(one.first, export.first),
            "end": export.end if one.end is None else min(one.end, export.end),
            "outcome": one.outcome,
        }
        for one in found
        if one.overlaps(export.first, export.end)
    ]


def _line(row: Mapping[str, Any]) -> bytes:
    # ASCII: what reads it by lines then sees no line ends but ours.
    return json.dumps(row, sort_keys=True, separators=(",", ":")).encode() + b"\n"
