"""The key folder: one file for each tenant's log, one that names the installation."""

import os
from base64 import b64decode, b64encode
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from quarterdeck.trail.keys import files
from quarterdeck.trail.keys.model import KeyMissing, KeyUnusable, TenantKeys
from quarterdeck.trail.keys.note import Malformed, Signer, Verifier
from quarterdeck.trail.keys.seal import KEY_BYTES, derive, new_key

INSTALLATION = "installation.json"
SUFFIX = ".key.json"


class KeyStore:
    """Keys on disk. Safe to open twice: of two that begin a log, both get the same keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[str, TenantKeys] = {}

    def begin(self, tenant: str) -> TenantKeys:
        """The tenant's keys, made now if there are none. For a log that has not begun."""
        files.make_folder(self._folder)
        path = self._path(tenant)
        if not path.exists():
            files.create(path, _new_keys(f"quarterdeck.{self._installation()}/{_quoted(tenant)}"))
        return self.of(tenant)

    def of(self, tenant: str) -> TenantKeys:
        """The keys of a tenant whose log has begun.

        Raises:
            KeyMissing: they are not there; making others would fork the log.
            KeyUnusable: their file is damaged, or others can read it.
        """
        if tenant not in self._loaded:
            self._loaded[tenant] = self._load(tenant)
        return self._loaded[tenant]

    def signer(self, tenant: str) -> Signer:
        """What signs the checkpoints of the tenant's log."""
        keys = self.of(tenant)
        return Signer(keys.origin, keys.seed)

    def derived(self, tenant: str, use: str) -> bytes:
        """The tenant's key for one ``use``."""
        return derive(self.of(tenant).root, use)

    def tenants(self) -> list[Path]:
        """The key files, for a check that all can be read (``check``)."""
        return sorted(self._folder.glob(f"*{SUFFIX}"))

    def check(self) -> int:
        """Read every key file; how many. Raises KeyUnusable at the first that cannot be used."""
        if self._folder.exists():
            files.make_folder(self._folder)
        for path in self.tenants():
            _keys(files.load(path), path)
        return len(self.tenants())

    def _load(self, tenant: str) -> TenantKeys:
        path = self._path(tenant)
        try:
            return _keys(files.load(path), path)
        except FileNotFoundError as error:
            raise KeyMissing(
                f"the log of {tenant} stands, but its key {path} is gone; put it back from "
                "your key backup (quarterdeck keys restore)"
            ) from error

    def _path(self, tenant: str) -> Path:
        return self._folder / f"{_quoted(tenant)}{SUFFIX}"

    def _installation(self) -> str:
        path = self._folder / INSTALLATION
        if not path.exists():
            files.create(path, {"id": token_hex(8)})
        return str(files.load(path)["id"])


def _quoted(tenant: str) -> str:
    # Key names may hold neither spaces nor plus, file names no slash.
    return quote(tenant, safe="")


def _new_keys(origin: str) -> files.Fields:
    seed = os.urandom(KEY_BYTES)
    return {
        "origin": origin,
        "seed": b64encode(seed).decode(),
        "root": b64encode(new_key()).decode(),
        "vkey": Signer(origin, seed).verifier.vkey,
    }


def _keys(fields: files.Fields, path: Path) -> TenantKeys:
    try:
        keys = TenantKeys(
            origin=str(fields["origin"]),
            seed=b64decode(str(fields["seed"]), validate=True),
            root=b64decode(str(fields["root"]), validate=True),
        )
        same = Signer(keys.origin, keys.seed).verifier == Verifier.parse(str(fields["vkey"]))
    except (KeyError, ValueError, Malformed) as error:
        raise KeyUnusable(f"{path} is no key file: {error}") from error
    if not same or len(keys.root) != KEY_BYTES:
        raise KeyUnusable(f"{path} does not hold the key that it names")
    return keys
