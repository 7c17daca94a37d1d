"""A key folder whose key a file wraps, and what tests look at in it."""

from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor
from quarterdeck.trail.keys.keyfile import KeyFile
from quarterdeck.trail.keys.keystore import KeyStore

SARA = Actor("sara", frozenset({("keys:wrap", PLATFORM), ("keys:read", PLATFORM)}))


def key_file(path: Path) -> KeyFile:
    """A KMS of its own, in ``path``."""
    rotate(path)
    return KeyFile(path)


def rotate(path: Path) -> None:
    """A new version of its key; the others still unwrap."""
    before = path.read_text() if path.exists() else ""
    path.touch(mode=0o600)
    path.write_text(f"{token_hex(32)}\n{before}")


def wrap(keys: KeyStore, kms: str) -> int:
    """Have ``kms`` wrap the keys, or wrap them anew; files that were sealed."""
    return keys.seal_all(keys.envelope.prepared(kms, 1))


def folder_digest(folder: Path) -> str:
    """Changes with any byte of any file in ``folder``."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return sha256(b"".join(f.name.encode() + f.read_bytes() for f in files)).hexdigest()
