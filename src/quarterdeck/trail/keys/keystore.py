"""The key folder: files for each tenant's log, one that names the installation."""

import os
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from quarterdeck.kernel.clock import Clock, utc_now
from quarterdeck.trail.keys import files, ring
from quarterdeck.trail.keys.model import KeyMissing, KeyRotated, KeyUnusable, TenantKeys
from quarterdeck.trail.keys.note import Malformed, Signer, Verifier
from quarterdeck.trail.keys.ring import SigningKey
from quarterdeck.trail.keys.seal import KEY_BYTES, derive, new_key

INSTALLATION = "installation.json"
SUFFIX = ".key.json"


class KeyStore:
    """Keys on disk. Safe to open twice: of two that begin a log, both get the same keys."""

    def __init__(self, folder: Path, clock: Clock = utc_now) -> None:
        self._folder = folder
        self._clock = clock
        self._loaded: dict[str, TenantKeys] = {}
        self._rings: dict[str, list[SigningKey]] = {}

    def anew(self) -> "KeyStore":
        """The same keys, none of them in memory: as a process finds them that starts now."""
        return KeyStore(self._folder, self._clock)

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
        """What signs for the tenant's log now: its newest key, and the one before while they
        overlap. A key that another process made is seen at once.
        """
        return ring.signing(self.ring(tenant), self._clock())

    def began(self, tenant: str) -> Verifier:
        """The key that the tenant's log began with."""
        return self.ring(tenant)[0].verifier

    def ring(self, tenant: str) -> list[SigningKey]:
        """Every signing key of the tenant's log, oldest first; raise as ``of`` does."""
        known = self._rings.get(tenant)
        base = self._base(tenant)
        if known is None or ring.grown(base, known):
            keys = self.of(tenant)
            made_at = self._path(tenant).stat().st_mtime_ns // 1000
            first = SigningKey(number=1, signer=Signer(keys.origin, keys.seed), made_at=made_at)
            known = self._rings[tenant] = ring.load(base, first)
        return known

    def rotate(
        self, tenant: str, size: int, overlap: timedelta, why: tuple[str, str]
    ) -> tuple[SigningKey, SigningKey]:
        """Make a new signing key after ``size`` leaves; the old one, and the new.

        ``overlap``: how long both sign; none: the old one signs nothing more. ``why``:
        ``scheduled`` or ``emergency``, and the incident.

        Raises:
            KeyRotated: somebody else did, just now.
        """
        now: datetime = self._clock()
        old = self.ring(tenant)[-1]
        new = ring.following(old, size, now, now + overlap, why)
        if not ring.add(self._base(tenant), old, new):
            raise KeyRotated(f"the key of {tenant} was rotated just now; look before again")
        return old, self.ring(tenant)[-1]

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
            keys = _keys(files.load(path), path)
            first = SigningKey(number=1, signer=Signer(keys.origin, keys.seed))
            ring.load(path.with_name(path.name.removesuffix(SUFFIX)), first)
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

    def _base(self, tenant: str) -> Path:
        return self._folder / _quoted(tenant)

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
