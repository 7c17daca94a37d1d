"""A KMS that is a file outside the data directory: a mounted secret, a stick, a credential.

Each line is one version of its key, 64 hexadecimal digits; the first is the newest, the
others still unwrap.
"""

from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE

from quarterdeck.trail.keys.files import OTHERS
from quarterdeck.trail.keys.model import KmsFailed, KmsUnknown, Wrapped
from quarterdeck.trail.keys.seal import KEY_BYTES, Unsealable, derive, seal, tag, unseal

SCHEME = "file:"
ALGORITHM = "AES-256-GCM"
PLACE = "quarterdeck kms v1"
VERSION_LETTERS = 16


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The KMS ``file:PATH``. The file is read at each call, so that it need not stay there."""

    path: Path

    @property
    def name(self) -> str:
        """``file:PATH``."""
        return f"{SCHEME}{self.path}"

    def wrap(self, secret: bytes) -> Wrapped:
        """Under the key of the first line."""
        version, key = next(iter(self._keys().items()))
        content = seal(key, secret, PLACE, version)
        return Wrapped(version=version, algorithm=ALGORITHM, content=content)

    def unwrap(self, wrapped: Wrapped) -> bytes:
        """Under the key of whichever line wrapped it."""
        key = self._keys().get(wrapped.version)
        if key is None:
            raise KmsFailed(
                f"the key file {self.path} has no line of version {wrapped.version}: put that line "
                "back below the newest"
            )
        try:
            return unseal(key, wrapped.content, PLACE, wrapped.version)
        except Unsealable as error:
            raise KmsFailed(
                f"version {wrapped.version} of the key file {self.path} did not wrap this: put "
                "kms.json back from your key backup"
            ) from error

    def _keys(self) -> dict[str, bytes]:
        try:
            mode, lines = S_IMODE(self.path.stat().st_mode), self.path.read_text().split()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", "") or "not text"
            raise KmsFailed(
                f"the key file {self.path} cannot be read: {why}; mount it or put it back"
            ) from error
        if mode & OTHERS:
            raise KmsFailed(f"others can read the key file {self.path}: chmod 600 {self.path}")
        found = [self._key(line) for line in lines]
        if not found:
            raise KmsFailed(f"the key file {self.path} is empty: openssl rand -hex 32 makes a key")
        return {_version(key): key for key in found}

    def _key(self, line: str) -> bytes:
        try:
            key = bytes.fromhex(line)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise KmsFailed(
                f"a line of the key file {self.path} is no key: each has 64 hexadecimal digits, "
                "as openssl rand -hex 32 writes"
            )
        return key


def open_key_file(name: str) -> KeyFile:
    """The KMS of the name ``file:PATH``; raise KmsUnknown for any other name."""
    path = Path(name.removeprefix(SCHEME))
    if not name.startswith(SCHEME) or not path.is_absolute():
        raise KmsUnknown(
            f"no KMS is named {name!r}: expected azurekeyvault:https://VAULT/keys/NAME, or file: "
            "and the whole path of a file"
        )
    return KeyFile(path)


def _version(key: bytes) -> str:
    return tag(derive(key, "version"), PLACE)[:VERSION_LETTERS]
