"""The key of the key folder: it seals what is secret in its files, and a KMS wraps it.

It is asked for once in a process and then kept in memory, nowhere else. ``kms.json`` says
who wraps it; without that file, the secrets lie open.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import TypeVar

import orjson

from quarterdeck.trail.keys import files
from quarterdeck.trail.keys.metrics import ASKED, SECONDS
from quarterdeck.trail.keys.model import (
    KeyUnusable,
    KmsFailed,
    Prepared,
    Wrapped,
    Wrapping,
)
from quarterdeck.trail.keys.ports import OpenKms
from quarterdeck.trail.keys.seal import KEY_BYTES, Unsealable, new_key, seal, unseal

FILE = "kms.json"
SECRETS = ("root", "seed")
PLACE = "quarterdeck key file v1"

Answer = TypeVar("Answer")


class Envelope:
    """Seals and opens the secrets of the files in one folder. Any thread may call it."""

    def __init__(self, folder: Path, open_kms: OpenKms) -> None:
        self._path = folder / FILE
        self._open_kms = open_kms
        self._keys: dict[str, bytes] = {}

    def wrapping(self) -> Wrapping | None:
        """Who wraps the folder's key now; None where secrets lie open."""
        return read(self._path)

    def named(self, kms: str) -> str:
        """The one way to write the name of a KMS; raises KmsUnknown."""
        return self._open_kms(kms).name

    def key(self, wrapping: Wrapping) -> bytes:
        """The folder's key, from memory or from the KMS; raises KmsFailed."""
        if wrapping.id not in self._keys:
            self._keys[wrapping.id] = self.unwrapped(wrapping)
        return self._keys[wrapping.id]

    def unwrapped(self, wrapping: Wrapping) -> bytes:
        """The folder's key, as the KMS gives it now; raises KmsFailed."""
        kms = self._open_kms(wrapping.kms)
        key = _counted("unwrap", lambda: kms.unwrap(wrapping.wrapped))
        if len(key) != KEY_BYTES:
            raise KmsFailed(f"{wrapping.kms} unwrapped {len(key)} bytes, expected {KEY_BYTES}")
        return key

    def prepared(self, name: str, moment: int) -> Prepared:
        """The folder's key wrapped by the KMS ``name``, and unwrapped again to be sure of it.

        Nothing is changed yet. The key is the one that there is, or else a new one.
        """
        before, kms = self.wrapping(), self._open_kms(name)
        key = new_key() if before is None else self.key(before)
        wrapped = _counted("wrap", lambda: kms.wrap(key))
        folder_key = token_hex(8) if before is None else before.id
        after = Wrapping(id=folder_key, kms=kms.name, wrapped=wrapped, made_at=moment)
        if self.unwrapped(after) != key:
            raise KmsFailed(f"{name} unwrapped another key than it was given to wrap")
        return Prepared(before=before, after=after, key=key)

    def put(self, prepared: Prepared) -> None:
        """From now on, files are sealed as was prepared."""
        files.put(self._path, _fields(prepared.after))
        self._keys[prepared.after.id] = prepared.key

    def drop(self) -> None:
        """From now on, files are not sealed."""
        files.remove(self._path)

    def sealed(self, fields: files.Fields, name: str) -> files.Fields:
        """What the file ``name`` shall hold so that ``fields`` are kept as all are kept now."""
        wrapping = self.wrapping()
        if wrapping is None or "sealed" in fields:
            return fields
        secrets = {one: fields[one] for one in SECRETS if one in fields}
        content = seal(self.key(wrapping), orjson.dumps(secrets), PLACE, name)
        rest = {one: value for one, value in fields.items() if one not in secrets}
        return rest | {"sealed": b64encode(content).decode(), "folder_key": wrapping.id}

    def opened(self, fields: files.Fields, path: Path) -> files.Fields:
        """The fields of a file with its secrets open.

        Raises:
            KmsFailed: the folder's key is not in memory, and cannot be had.
            KeyUnusable: the file was sealed under another key, or for another place.
        """
        if "sealed" not in fields:
            return fields
        key = self._key_of(str(fields["folder_key"]), path)
        try:
            secrets = unseal(key, b64decode(str(fields["sealed"])), PLACE, path.name)
        except Unsealable as error:
            raise KeyUnusable(
                f"the secrets of {path} were sealed elsewhere, or altered; put it back from your "
                "key backup (quarterdeck keys restore)"
            ) from error
        rest = {name: v for name, v in fields.items() if name not in ("sealed", "folder_key")}
        opened: files.Fields = rest | orjson.loads(secrets)
        return opened

    def _key_of(self, folder_key: str, path: Path) -> bytes:
        if folder_key in self._keys:
            return self._keys[folder_key]
        wrapping = self.wrapping()
        if wrapping is None or wrapping.id != folder_key:
            raise KeyUnusable(
                f"{path} is sealed under the folder's key {folder_key}, but {self._path} does not "
                "hold it; put that file back from your key backup (quarterdeck keys restore)"
            )
        return self.key(wrapping)


def read(path: Path) -> Wrapping | None:
    """What ``kms.json`` says; None if it is not there. Raises KeyUnusable."""
    try:
        fields = files.load(path)
    except FileNotFoundError:
        return None
    try:
        wrapped = Wrapped(
            version=str(fields["version"]),
            algorithm=str(fields["algorithm"]),
            content=b64decode(str(fields["wrapped"]), validate=True),
        )
        return Wrapping(
            id=str(fields["folder_key"]),
            kms=str(fields["kms"]),
            wrapped=wrapped,
            made_at=int(fields["made_at"]),
        )
    except (KeyError, ValueError) as error:
        raise KeyUnusable(f"{path} does not say who wraps the keys: {error}") from error


def _fields(wrapping: Wrapping) -> files.Fields:
    return {
        "folder_key": wrapping.id,
        "kms": wrapping.kms,
        "version": wrapping.wrapped.version,
        "algorithm": wrapping.wrapped.algorithm,
        "wrapped": b64encode(wrapping.wrapped.content).decode(),
        "made_at": wrapping.made_at,
    }


def _counted(verb: str, ask: Callable[[], Answer]) -> Answer:
    outcome = "failed"
    try:
        with SECONDS.labels(verb).time():
            answer = ask()
        outcome = "done"
    finally:
        ASKED.labels(verb, outcome).inc()
    return answer
