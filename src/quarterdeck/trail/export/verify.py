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
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence  # noqa: UP035  runs on Python 3.9

FORMAT = "quarterdeck-export/1"
ED25519 = b"\x01"
DASH = "\N{EM DASH} "
UNKNOWN_SIGNER = "consistent, signer not known: give the log's key with --key"

# RFC 8032, 5.1: the curve edwards25519.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)

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
    sys.stdout.write("\n".join(said) + "\n")
    return 0 if options.key else 1


def verify(folder: Path, key: str | None, since: bytes | None = None) -> list[str]:
    """What holds, in words; raise Wrong at the first thing that does not.

    ``key`` None checks against the key that the export names itself, and says so.
    """
    manifest = _manifest(folder)
    claimed = _text(folder, "keys").split()
    # First the signature of the manifest: nothing that it says counts before.
    _signed(_read(folder, "manifest.sig"), _seal(folder), key, claimed, "manifest.sig")
    _files(folder, manifest)
    size, root = _checkpoint(folder, manifest, key, claimed)
    records = list(_records(folder))
    _complete(manifest, [index for index, _, _ in records])
    leaves = {index: leaf for index, leaf, _ in records}
    if leaves and _root(leaves, size, _proof(folder)) != root:
        raise Wrong("records.ndjson: its records do not lead to the root of the checkpoint")
    shown = _disclosures(folder, {index: entry for index, _, entry in records})
    if since is not None:
        _past(since, manifest, size, root, key)
    return _words(manifest, len(records), shown, size, key)


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
        return json.loads(text)
    except ValueError as error:
        raise Wrong(f"{where}: is not JSON: {error}") from error


def _lines(folder: Path, name: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(_text(folder, name).splitlines(), 1):
        where = f"{name}, line {number}"
        yield where, _json(line, where)


def _manifest(folder: Path) -> Mapping[str, Any]:
    manifest = _json(_read(folder, "manifest.json"), "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Wrong(f"manifest.json: is not of the format {FORMAT}")
    return manifest


def _files(folder: Path, manifest: Mapping[str, Any]) -> None:
    for name, said in manifest["files"].items():
        if hashlib.sha256(_read(folder, name)).hexdigest() != said["sha256"]:
            raise Wrong(f"{name}: is not the file that the manifest names")


def _seal(folder: Path) -> str:
    return f"{FORMAT}\n{hashlib.sha256(_read(folder, 'manifest.json')).hexdigest()}\n"


def _checkpoint(
    folder: Path, manifest: Mapping[str, Any], key: str | None, claimed: Sequence[str]
) -> tuple[int, bytes]:
    note = _read(folder, "checkpoint")
    text = _signed(note, None, key, claimed, "checkpoint")
    origin, size, root = _head(text, "checkpoint")
    if (origin, size) != (manifest["origin"], manifest["size"]):
        raise Wrong(f"checkpoint: is of {origin} at {size}, which is not what the manifest names")
    return size, root


def _head(text: str, where: str) -> tuple[str, int, bytes]:
    lines = text.split("\n")
    try:
        return lines[0], int(lines[1]), _b64(lines[2])
    except (IndexError, ValueError) as error:
        raise Wrong(f"{where}: expected origin, size and root") from error


def _signed(
    note: bytes, text: str | None, key: str | None, claimed: Sequence[str], where: str
) -> str:
    """The text of a signed note; raise Wrong unless a key that counts signed it."""
    try:
        body, _, signatures = note.decode().rpartition("\n\n")
    except UnicodeDecodeError as error:
        raise Wrong(f"{where}: is not a signed note") from error
    if text is not None and body + "\n" != text:
        raise Wrong(f"{where}: signs another manifest")
    keys = [key] if key else list(claimed)
    if not any(_by(each, body + "\n", signatures) for each in keys):
        raise Wrong(f"{where}: is not signed by {key or 'any key that the export names'}")
    return body + "\n"


def _by(vkey: str, text: str, signatures: str) -> bool:
    try:
        name, number, encoded = vkey.strip().split("+", 2)
        public = _b64(encoded)
    except ValueError as error:
        raise Wrong(f"not a key: {vkey!r}; expected NAME+HASH+KEY") from error
    own = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    if public[:1] != ED25519 or own.hex() != number:
        raise Wrong(f"not an Ed25519 key, or mistyped: {vkey!r}")
    complete = signatures.split("\n")[:-1]  # each line of a note ends, the last one too
    lines = [line[2:].split(" ") for line in complete if line.startswith(DASH)]
    return any(_made(each[1], own, public, text) for each in lines if each[:-1] == [name])


def _made(encoded: str, own: bytes, public: bytes, text: str) -> bool:
    try:
        signature = _b64(encoded)
    except ValueError:
        return False
    return signature[:4] == own and ed25519(public[1:], text.encode(), signature[4:])


def _records(folder: Path) -> Iterator[tuple[int, bytes, str | None]]:
    """(index, leaf hash, entry or None where it is withheld)."""
    for where, row in _lines(folder, "records.ndjson"):
        entry = row.get("entry")
        if entry is None:
            yield row["index"], _b64(row["hash"]), None
            continue
        leaf = hashlib.sha256(b"\x00" + entry.encode()).digest()
        if _b64(row["hash"]) != leaf:
            raise Wrong(f"{where}: record {row['index']} is not what was hashed")
        yield row["index"], leaf, entry


def _complete(manifest: Mapping[str, Any], indices: Sequence[int]) -> None:
    if len(indices) != manifest["records"] or list(indices) != sorted(set(indices)):
        raise Wrong(f"records.ndjson: {len(indices)} records, {manifest['records']} were exported")
    expected = range(manifest["first"], manifest["end"])
    if manifest["complete"] and list(indices) != list(expected):
        missing = sorted(set(expected) - set(indices))
        raise Wrong(f"records.ndjson: record {missing[0] if missing else '?'} is missing")


def _proof(folder: Path) -> list[bytes]:
    return [_b64(line) for line in _text(folder, "proof").split()]


def _disclosures(folder: Path, entries: Mapping[int, str | None]) -> int:
    shown = 0
    for where, row in _lines(folder, "disclosures.ndjson"):
        entry = entries.get(row["index"])
        digest = base64.urlsafe_b64encode(hashlib.sha256(row["disclosure"].encode()).digest())
        committed = json.loads(entry)["sd"] if entry else []
        if digest.rstrip(b"=").decode() not in committed:
            raise Wrong(f"{where}: record {row['index']} commits to no such value")
        shown += 1
    return shown


def _past(
    since: bytes, manifest: Mapping[str, Any], size: int, root: bytes, key: str | None
) -> None:
    kept = since.decode(errors="replace")
    origin, old, then = _head(kept, "the checkpoint kept")
    if key and not _by(key, kept.rpartition("\n\n")[0] + "\n", kept):
        raise Wrong("the checkpoint kept: is not signed by that key")
    if origin != manifest["origin"]:
        raise Wrong(f"the checkpoint kept: is of {origin}")
    if old > size:
        raise Wrong(f"checkpoint: rolled back to {size}; {old} records were seen before")
    if old == size and then != root:
        raise Wrong(f"checkpoint: forked: not the {size} records that were seen before")


def _words(
    manifest: Mapping[str, Any], records: int, shown: int, size: int, key: str | None
) -> list[str]:
    which = "every record" if manifest["complete"] else "a selection"
    first, end = manifest["first"], manifest["end"]
    return [
        f"{manifest['origin']}: {which} of {first} to {end - 1}, at size {size}",
        f"{records} records lead to the signed root; {shown} disclosed values are committed to",
        "as signed" if key else UNKNOWN_SIGNER,
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
