"""The key folder in one file, under a passphrase: scrypt (RFC 7914), then AES-256-GCM.

The file is a line of JSON that says how it was made, and the sealed folder after it.
"""

import json
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from quarterdeck.kernel.clock import rfc3339
from quarterdeck.trail.keys import envelope, files
from quarterdeck.trail.keys.model import BackupRefused
from quarterdeck.trail.keys.seal import KEY_BYTES, Unsealable, seal, unseal

FORMAT = "quarterdeck-keys-1"
MARK = "backup.json"
SALT_BYTES = 16
MIN_PASSPHRASE = 12
# 128 MiB and about half a second for each guess. Part of the format: other costs, other name.
COST = {"length": KEY_BYTES, "n": 1 << 17, "r": 8, "p": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupState:
    """What a doctor says of the backup.

    Attributes:
        made_at: of the last backup, RFC 3339; empty if there was none.
        current: no key was made or changed since.
    """

    made_at: str
    current: bool


def back_up(folder: Path, to: Path, passphrase: str, now: datetime) -> int:
    """Write the keys in ``folder`` to the file ``to`` (0600); how many files.

    Raises:
        BackupRefused: the passphrase is short, or there is nothing to back up.
        KeyUnusable: a key file is damaged: a backup of it would be none.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise BackupRefused(f"the passphrase needs {MIN_PASSPHRASE} characters or more")
    content = {path.name: path.read_text() for path in _key_files(folder) if files.load(path)}
    if not content:
        raise BackupRefused(f"there are no keys in {folder} yet")
    salt = os.urandom(SALT_BYTES)
    head = orjson.dumps({"format": FORMAT, "salt": b64encode(salt).decode()})
    body = seal(_key(passphrase, salt), orjson.dumps(content), head.decode())
    files.replace(to, head + b"\n" + body)
    mark = {"made_at": rfc3339(now), "keys": _digest(folder)}
    files.replace(folder / MARK, orjson.dumps(mark))
    return len(content)


def restore(backup: Path, passphrase: str, folder: Path) -> int:
    """Put the keys of the file ``backup`` into ``folder``; how many files.

    Files that are there already must hold the same key, sealed or not, and stay as they are;
    nothing is overwritten.

    Raises:
        BackupRefused: not such a file, another passphrase, or other keys in ``folder``.
    """
    content = _opened(backup, passphrase)
    files.make_folder(folder)
    with files.held(folder):
        for name, text in content.items():
            _refuse_other(folder / name, text)
        return sum(files.create(folder / n, _fields(n, text)) for n, text in content.items())


def state(folder: Path) -> BackupState:
    """Whether the keys in ``folder`` were backed up since they last changed."""
    try:
        mark = json.loads((folder / MARK).read_bytes())
        return BackupState(made_at=mark["made_at"], current=mark["keys"] == _digest(folder))
    except (OSError, ValueError, KeyError):
        return BackupState(made_at="", current=not _key_files(folder))


def wrapped_by(folder: Path) -> str:
    """The KMS without which a backup of ``folder`` opens nothing; empty where there is none."""
    wrapping = envelope.read(folder / envelope.FILE)
    return wrapping.kms if wrapping else ""


def _opened(backup: Path, passphrase: str) -> dict[str, str]:
    head, _, body = backup.read_bytes().partition(b"\n")
    try:
        told = json.loads(head)
        salt = b64decode(told["salt"], validate=True)
        known = told["format"] == FORMAT
    except (ValueError, TypeError, KeyError):
        known, salt = False, b""
    if not known:
        raise BackupRefused(f"{backup} is no backup of keys ({FORMAT})")
    try:
        plain = unseal(_key(passphrase, salt), body, head.decode())
    except Unsealable as error:
        raise BackupRefused(f"{backup}: the passphrase is wrong, or the file damaged") from error
    content: dict[str, str] = json.loads(plain)
    return content


def _refuse_other(path: Path, text: str) -> None:
    if path.exists() and _whose(files.load(path)) != _whose(_fields(path.name, text)):
        raise BackupRefused(f"{path} holds another key; restore into an empty folder")


def _whose(fields: files.Fields) -> object:
    """What tells the key of a file from others, however it is kept, and by whomever wrapped."""
    return fields.get("vkey") or fields.get("folder_key") or fields


def _fields(name: str, text: str) -> files.Fields:
    return files.parse(text.encode(), name)


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, **COST).derive(passphrase.encode())


def _key_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if path.name != MARK)


def _digest(folder: Path) -> str:
    whole = sha256()
    for path in _key_files(folder):
        whole.update(path.name.encode() + b"\n" + path.read_bytes() + b"\n")
    return whole.hexdigest()
