"""Verifies an export of a Quarterdeck trail. Needs Python 3.9 or newer, and nothing else.

    python3 -I verify.py --key 'NAME+HASH+KEY' [--since CHECKPOINT]

Run it in the folder of the export. The key must come from elsewhere: whoever alters an
export can sign it anew with a key of their own, and name that one in it. It exits with 0
if all is as it was signed, and with 1 if something is not, or the signer is not known.

Formats: RFC 6962 (tree), C2SP signed-note and tlog-checkpoint, RFC 8032 (Ed25519), RFC
9901 (disclosures).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence  # noqa: UP035  runs on Python 3.9

FORMAT = "quarterdeck-export/1"
ED25519 = b"\x01"
ID_BYTES, HASH_BYTES = 4, 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
PURGE = "retention:purge"
DASH = "\N{EM DASH} "
UNKNOWN_SIGNER = "consistent, signer not known: give the log's key with --key"

# RFC 8032, 5.1: the curve edwards25519.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)

NOT_CHECKED = "the checkpoint bears an ML-DSA-44 cosignature, which this program cannot check"
ML_DSA_44_BYTES = ID_BYTES + 8 + 2420

NOT_COMPARED = "cannot be compared"

Point = tuple[int, int, int, int]


class Wrong(Exception):
    """The export is not what was signed. The text says where and what."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify the export that lies beside this file; 0 if all is well."""
    options = _options(arguments)
    folder = Path(options.folder)
    try:
        said = verify(folder, options.key, _since(options.since))
    except Wrong as wrong:
        sys.stdout.write(f"NOT AS SIGNED: {wrong}\n")
        return 1
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        sys.stdout.write(f"NOT AS SIGNED: a file is not of the format {FORMAT}: {error!r}\n")
        return 1
    sys.stdout.write("\n".join(said) + "\n")
    return 0 if options.key and NOT_COMPARED not in said[-1] else 1


def verify(folder: Path, key: str | None, since: bytes | None = None) -> list[str]:
    """What holds, in words; raise Wrong at the first thing that does not.

    ``key`` None checks against the key that the export names itself, and says so.
    """
    manifest = _manifest(folder)
    claimed = _plain_lines(folder, "keys")
    # First the signature of the manifest: nothing that it says counts before.
    _signed(_read(folder, "manifest.sig"), _seal(folder), key, claimed, "manifest.sig")
    _files(folder, manifest)
    size, root = _checkpoint(folder, manifest, key, claimed)
    records = list(_records(folder, "records.ndjson"))
    _complete(manifest, [one.index for one in records])
    named = list(_records(folder, "purges.ndjson"))
    leaves = {one.index: one.leaf for one in (*named, *records)}
    if leaves and _root(leaves, size, _proof(folder)) != root:
        raise Wrong("records.ndjson: its records do not lead to the root of the checkpoint")
    shown = _disclosures(folder, {one.index: one.entry for one in records})
    gone = _purged(records, named, size)
    said = _words(manifest, len(records), shown, size, gone)
    if _second(folder):
        said.append(NOT_CHECKED)
    said.append("as signed" if key else UNKNOWN_SIGNER)
    if since is not None:
        said.append(_past(since, manifest, size, root, leaves, key))
    return said


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Verify an export of a Quarterdeck trail.")
    here = str(Path(__file__).resolve().parent)
    parser.add_argument("folder", nargs="?", default=here, help="the unpacked export")
    parser.add_argument("--key", help="NAME+HASH+KEY of the log, from a source that you trust")
    parser.add_argument("--since", help="a checkpoint of the log that you kept: a file")
    return parser.parse_args(arguments)


def _since(path: str | None) -> bytes | None:
    try:
        return Path(path).read_bytes() if path else None
    except OSError as error:
        raise Wrong(f"{path}: cannot be read: {error.strerror}") from error


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise Wrong(f"{name}: cannot be read: {error.strerror}") from error


def _text(folder: Path, name: str) -> str:
    try:
        return _read(folder, name).decode()
    except UnicodeDecodeError as error:
        raise Wrong(f"{name}: is not UTF-8") from error


def _json(text: str | bytes, where: str) -> Any:  # noqa: ANN401  JSON
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except ValueError as error:
        raise Wrong(f"{where}: is not JSON: {error}") from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose members have different names: readers differ in which of two they take."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands in an object twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _plain_lines(folder: Path, name: str) -> list[str]:
    """The lines of a text: each ends in a newline, and nothing else ends one."""
    *lines, rest = _text(folder, name).split("\n")
    if rest:
        raise Wrong(f"{name}: its last line does not end")
    return lines


def _lines(folder: Path, name: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(_plain_lines(folder, name), 1):
        where = f"{name}, line {number}"
        yield where, _json(line, where)


def _manifest(folder: Path) -> Mapping[str, Any]:
    manifest = _json(_read(folder, "manifest.json"), "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Wrong(f"manifest.json: is not of the format {FORMAT}")
    return manifest


def _files(folder: Path, manifest: Mapping[str, Any]) -> None:
    for name, said in manifest["files"].items():
        if name in (".", "..") or not set(name).isdisjoint("/\\:"):
            raise Wrong(f"manifest.json: {name!r} is not the name of a file of the export")
        if hashlib.sha256(_read(folder, name)).hexdigest() != said["sha256"]:
            raise Wrong(f"{name}: is not the file that the manifest names")


def _seal(folder: Path) -> str:
    return f"{FORMAT}\n{hashlib.sha256(_read(folder, 'manifest.json')).hexdigest()}\n"


def _checkpoint(
    folder: Path, manifest: Mapping[str, Any], key: str | None, claimed: Sequence[str]
) -> tuple[int, bytes]:
    note = _read(folder, "checkpoint")
    text = _signed(note, None, key, claimed, "checkpoint")
    origin, size, root = head(text, "checkpoint")
    if (origin, size) != (manifest["origin"], manifest["size"]):
        raise Wrong(f"checkpoint: is of {origin} at {size}, which is not what the manifest names")
    return size, root


def _second(folder: Path) -> bool:
    """Whether a line has the size of such a cosignature: nothing else says what it is."""
    _, signatures = note_parts(_read(folder, "checkpoint"), "checkpoint")
    return any(len(made) == ML_DSA_44_BYTES for _, made in signatures)


def head(text: str, where: str) -> tuple[str, int, bytes]:
    """Origin, size and root hash of a checkpoint's text; raise Wrong if it is none."""
    lines = text.split("\n")
    try:
        origin, size, root = lines[0], int(lines[1]), _b64(lines[2])
    except (IndexError, ValueError) as error:
        raise Wrong(f"{where}: expected origin, size and root") from error
    if not origin or str(size) != lines[1] or size < 0 or len(root) != HASH_BYTES:
        raise Wrong(f"{where}: expected an origin, a plain number, and a hash of 32 bytes")
    return origin, size, root


def _signed(
    note: bytes, text: str | None, key: str | None, claimed: Sequence[str], where: str
) -> str:
    """The text of a signed note; raise Wrong unless a key that counts signed it."""
    body, signatures = note_parts(note, where)
    if text is not None and body != text:
        raise Wrong(f"{where}: signs another manifest")
    keys = [key] if key else list(claimed)
    if not any(signed_by(each, body, signatures) for each in keys):
        raise Wrong(f"{where}: is not signed by {key or 'any key that the export names'}")
    return body


def note_parts(note: bytes, where: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signatures, by the name before each; raise Wrong unless written in the one way."""
    try:
        body, gap, signatures = note.decode().rpartition("\n\n")
        *lines, rest = signatures.split("\n")
        found = [_signature(line) for line in lines]
    except ValueError as error:
        raise Wrong(f"{where}: is not a signed note: {error}") from error
    if not gap or not lines or rest or any(c < " " and c != "\n" for c in note.decode()):
        raise Wrong(f"{where}: is not a signed note")
    return body + "\n", found


def _signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line[len(DASH) :].partition(" ")
    signature = _b64(encoded)
    if not line.startswith(DASH) or not name or len(signature) <= ID_BYTES:
        raise ValueError(f"expected a signature, got {line[:60]!r}")
    return name, signature


def signed_by(vkey: str, text: str, signatures: Sequence[tuple[str, bytes]]) -> bool:
    """Whether the key NAME+HASH+KEY made one of the signatures; raise Wrong if it is no key."""
    try:
        name, number, encoded = vkey.strip().split("+", 2)
        public = _b64(encoded)
    except ValueError as error:
        raise Wrong(f"not a key: {vkey!r}; expected NAME+HASH+KEY") from error
    own = hashlib.sha256(name.encode() + b"\n" + public).digest()[:ID_BYTES]
    if public[:1] != ED25519 or own.hex() != number:
        raise Wrong(f"not an Ed25519 key, or mistyped: {vkey!r}")
    mine = [made[ID_BYTES:] for of, made in signatures if (of, made[:ID_BYTES]) == (name, own)]
    return bool(mine) and all(ed25519(public[1:], text.encode(), each) for each in mine)


@dataclass(frozen=True)
class Record:
    """A line of an export: ``entry`` None where it is withheld, or was purged by a record."""

    index: int
    leaf: bytes
    entry: str | None
    purged: int | None


def _records(folder: Path, name: str) -> Iterator[Record]:
    for where, row in _lines(folder, name):
        index, entry, purged = row["index"], row.get("entry"), row.get("purged")
        leaf = _b64(row["hash"])
        if not _is_index(index) or len(leaf) != HASH_BYTES:
            raise Wrong(f"{where}: is no record")
        if entry is not None and hashlib.sha256(b"\x00" + entry.encode()).digest() != leaf:
            raise Wrong(f"{where}: record {index} is not what was hashed")
        if purged is not None and (entry is not None or not _is_index(purged)):
            raise Wrong(f"{where}: record {index} cannot be purged so")
        yield Record(index, leaf, entry, purged)


def _is_index(found: object) -> bool:
    return type(found) is int and found >= 0


def _purged(records: Sequence[Record], named: Sequence[Record], size: int) -> list[str]:
    """In words, which records were purged, and by what; raise Wrong if nothing says so."""
    by = {one.index: _names(one) for one in (*named, *records) if one.entry and PURGE in one.entry}
    said: dict[tuple[int, str], list[int]] = {}
    for one in records:
        if one.purged is None:
            continue
        policy, ranges = by.get(one.purged, ("", []))
        if one.purged < size and not _holds(ranges, one.index):
            raise Wrong(f"records.ndjson: record {one.index} is gone, and no purge names it")
        said.setdefault((one.purged, policy), []).append(one.index)
    return [
        f"{len(gone)} records from {gone[0]} to {gone[-1]} purged by "
        + (f"policy {policy[:12]} at leaf {leaf}" if policy else f"leaf {leaf}, of a later size")
        for (leaf, policy), gone in sorted(said.items())
    ]


def _names(one: Record) -> tuple[str, list[tuple[int, int]]]:
    """Policy of a purge record, and its ranges in order and apart; nothing if it is none."""
    record = _json(one.entry or "", f"record {one.index}")
    if (record.get("source"), record.get("action")) != ("quarterdeck", "retention:purge"):
        return "", []
    payload = _json(record["payload"], f"record {one.index}")
    ranges: list[tuple[int, int]] = []
    for start, end in sorted((int(a), int(b)) for a, b in payload["ranges"]):
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((start, end))
    return str(payload["policy"]), ranges


def _holds(ranges: Sequence[tuple[int, int]], index: int) -> bool:
    """Whether one of the ranges, which are in order and apart, holds the index."""
    after = bisect_left(ranges, (index + 1, 0))
    return after > 0 and index < ranges[after - 1][1]


def _complete(manifest: Mapping[str, Any], indices: Sequence[int]) -> None:
    if len(indices) != manifest["records"] or list(indices) != sorted(set(indices)):
        raise Wrong(f"records.ndjson: {len(indices)} records, {manifest['records']} were exported")
    expected = range(manifest["first"], manifest["end"])
    if manifest["complete"] and list(indices) != list(expected):
        missing = sorted(set(expected) - set(indices))
        raise Wrong(f"records.ndjson: record {missing[0] if missing else '?'} is missing")


def _proof(folder: Path) -> list[bytes]:
    return [_b64(line) for line in _plain_lines(folder, "proof")]


def _disclosures(folder: Path, entries: Mapping[int, str | None]) -> int:
    shown = 0
    for where, row in _lines(folder, "disclosures.ndjson"):
        entry = entries.get(row["index"])
        digest = base64.urlsafe_b64encode(hashlib.sha256(row["disclosure"].encode()).digest())
        committed = _json(entry, where)["sd"] if entry else []
        if digest.rstrip(b"=").decode() not in committed:
            raise Wrong(f"{where}: record {row['index']} commits to no such value")
        shown += 1
    return shown


def _past(
    since: bytes,
    manifest: Mapping[str, Any],
    size: int,
    root: bytes,
    leaves: Mapping[int, bytes],
    key: str | None,
) -> str:
    """That the log continues a checkpoint that was kept; raise Wrong if it does not."""
    where = "the checkpoint kept"
    text, signatures = note_parts(since, where)
    origin, old, then = head(text, where)
    if key and not signed_by(key, text, signatures):
        raise Wrong(f"{where}: is not signed by that key")
    if origin != manifest["origin"]:
        raise Wrong(f"{where}: is of {origin}")
    if old > size:
        raise Wrong(f"checkpoint: rolled back to {size}; {old} records were seen before")
    if old < size and not all(index in leaves for index in range(old)):
        return f"{where}, of {old} records, {NOT_COMPARED}: the export does not hold them all"
    if (root if old == size else _first_root(leaves, old)) != then:
        raise Wrong(f"checkpoint: forked: not the {old} records that were seen before")
    return f"it begins with the {old} records of the checkpoint kept"


def _first_root(leaves: Mapping[int, bytes], size: int) -> bytes:
    first = {index: leaves[index] for index in range(size)}
    return _root(first, size, []) if size else EMPTY_ROOT


def _words(
    manifest: Mapping[str, Any], records: int, shown: int, size: int, gone: Sequence[str]
) -> list[str]:
    which = "every record" if manifest["complete"] else "a selection"
    first, end = manifest["first"], manifest["end"]
    return [
        f"{manifest['origin']}: {which} of {first} to {end - 1}, at size {size}",
        f"{records} records lead to the signed root; {shown} disclosed values are committed to",
        *gone,
    ]


def _root(leaves: Mapping[int, bytes], size: int, proof: Sequence[bytes]) -> bytes:
    """The root that a multiproof leads to: hashes of the subtrees without a leaf, in order."""
    indices, given = sorted(leaves), iter(proof)
    if indices[0] < 0 or indices[-1] >= size:
        raise Wrong(f"records.ndjson: record {indices[-1]} is not in a log of {size}")
    found = _subtree(leaves, indices, given, 0, size)
    if next(given, None) is not None:
        raise Wrong("proof: has hashes that belong nowhere")
    return found


def _subtree(
    leaves: Mapping[int, bytes],
    indices: Sequence[int],
    given: Iterator[bytes],
    start: int,
    end: int,
) -> bytes:
    if bisect_left(indices, start) == bisect_left(indices, end):
        known = next(given, None)
        if known is None:
            raise Wrong("proof: is too short")
        return known
    if end - start == 1:
        return leaves[start]
    split = start + (1 << (end - start - 1).bit_length() - 1)
    left = _subtree(leaves, indices, given, start, split)
    right = _subtree(leaves, indices, given, split, end)
    return hashlib.sha256(b"\x01" + left + right).digest()


def _b64(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"expected base64, got {text[:60]!r}") from error
    # The last letter may hold bits that count for nothing: one value, one way to write it.
    if base64.b64encode(found).decode() != text:
        raise ValueError(f"expected base64 as it is written, got {text[:60]!r}")
    return found


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` of ``message`` was made with the key (RFC 8032, 5.1.7)."""
    if len(signature) != 64 or len(public) != 32:  # noqa: PLR2004  of the format
        return False
    key, point = _decoded(public), _decoded(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or point is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    left, right = _times(scalar, BASE), _plus(point, _times(challenge, key))
    return (
        (left[0] * right[2] - right[0] * left[2]) % P
        == 0
        == (left[1] * right[2] - right[1] * left[2]) % P
    )


def _plus(a: Point, b: Point) -> Point:
    x, y = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    t, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = y - x, z - t, z + t, y + x
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar: int, point: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = _plus(found, point)
        point, scalar = _plus(point, point), scalar >> 1
    return found


def _decoded(encoded: bytes) -> Point | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


_BASE_Y = 4 * pow(5, P - 2, P) % P
_FOUND = _decoded(_BASE_Y.to_bytes(32, "little"))
BASE: Point = _FOUND or (0, 1, 1, 0)


if __name__ == "__main__":
    sys.exit(main())
