"""The key folder: files for each tenant's log, one that names the installation."""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from quarterdeck.kernel.clock import Clock, utc_now
from quarterdeck.trail.keys import files, ring
from quarterdeck.trail.keys.envelope import Envelope
from quarterdeck.trail.keys.keyfile import open_key_file
from quarterdeck.trail.keys.model import (
    Custody,
    CustodyMoved,
    KeyMissing,
    KeyRotated,
    KeyUnusable,
    Prepared,
    TenantKeys,
    Wrapping,
)
from quarterdeck.trail.keys.note import Malformed, Signer, Verifier
from quarterdeck.trail.keys.ports import OpenKms
from quarterdeck.trail.keys.ring import SigningKey
from quarterdeck.trail.keys.seal import KEY_BYTES, derive, new_key

INSTALLATION = "installation.json"
SUFFIX = ".key.json"


class KeyStore:
    """Keys on disk. Safe to open twice: of two that begin a log, both get the same keys.

    Attributes:
        envelope: seals what is secret in the files, where a KMS wraps its key.
    """

    def __init__(
        self, folder: Path, clock: Clock = utc_now, open_kms: OpenKms = open_key_file
    ) -> None:
        self._folder = folder
        self._clock = clock
        self.envelope = Envelope(folder, open_kms)
        self._loaded: dict[str, TenantKeys] = {}
        self._rings: dict[str, list[SigningKey]] = {}

    def anew(self) -> "KeyStore":
        """The same keys, none of them in memory: as a process finds them that starts now.

        It asks no KMS for what this one was given: a check of one would be another's.
        """
        found = KeyStore(self._folder, self._clock)
        found.envelope = self.envelope
        return found

    def open(self) -> Wrapping | None:
        """Have the KMS unwrap the folder's key, where one does; raises KmsFailed."""
        wrapping = self.envelope.wrapping()
        if wrapping is not None:
            self.envelope.key(wrapping)
        return wrapping

    def begin(self, tenant: str) -> TenantKeys:
        """The tenant's keys, made now if there are none. For a log that has not begun."""
        files.make_folder(self._folder)
        path = self._path(tenant)
        if not path.exists():
            made = _new_keys(f"quarterdeck.{self._installation()}/{_quoted(tenant)}")
            with files.held(self._folder):
                files.create(path, self.envelope.sealed(made, path.name))
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
            known = self._rings[tenant] = ring.load(base, first, self.envelope.opened)
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
        with files.held(self._folder):
            added = ring.add(self._base(tenant), old, new, self.envelope.sealed)
        if not added:
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
            keys = _keys(self.envelope.opened(files.load(path), path), path)
            first = SigningKey(number=1, signer=Signer(keys.origin, keys.seed))
            base = path.with_name(path.name.removesuffix(SUFFIX))
            ring.load(base, first, self.envelope.opened)
        return len(self.tenants())

    def custody(self) -> Custody:
        """How the files are kept now; no KMS is asked. Raises KeyUnusable."""
        kept = ["sealed" in files.load(path) for path in self._with_secrets()]
        return Custody(
            wrapping=self.envelope.wrapping(), sealed=sum(kept), plain=len(kept) - sum(kept)
        )

    def seal_all(self, prepared: Prepared) -> int:
        """Keep every file as was prepared; how many were changed.

        At each moment all can be read. Raises CustodyMoved where another was first.
        """
        files.make_folder(self._folder)
        with files.held(self._folder):
            if self.envelope.wrapping() != prepared.before:
                raise CustodyMoved("who wraps the keys was changed just now; look before again")
            self.envelope.put(prepared)
            return self._rewrite(lambda fields, path: self.envelope.sealed(fields, path.name))

    def open_all(self, wrapping: Wrapping) -> int:
        """Keep every file open again; how many were changed. As ``seal_all``."""
        with files.held(self._folder):
            if self.envelope.wrapping() != wrapping:
                raise CustodyMoved("who wraps the keys was changed just now; look before again")
            count = self._rewrite(self.envelope.opened)
            self.envelope.drop()
            return count

    def _rewrite(self, anew: Callable[[files.Fields, Path], files.Fields]) -> int:
        files.clear_drafts(self._folder, b'"vkey":')
        changed: dict[Path, files.Fields] = {}
        for path in self._with_secrets():
            fields = files.load(path)
            if (other := anew(fields, path)) is not fields:
                changed[path] = other
        files.rewrite(self._folder, changed)
        return len(changed)

    def _with_secrets(self) -> list[Path]:
        return sorted({*self.tenants(), *self._folder.glob(ring.FILES)})

    def _load(self, tenant: str) -> TenantKeys:
        path = self._path(tenant)
        try:
            return _keys(self.envelope.opened(files.load(path), path), path)
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
