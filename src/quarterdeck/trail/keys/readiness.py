"""Whether keys can be used: read, and signed with. No signature of a check is kept anywhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.clock import Clock, instant, since
from quarterdeck.kernel.health import CheckFailed, Entry, degraded_if, healthy
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import KmsFailed, Wrapping

DRY_RUN = "quarterdeck dry run: this signature proves nothing\n"


KMS_ASKED_S = 30.0
"""How long its answer counts: each check of each role would else be a request to it."""


@dataclass(frozen=True, slots=True)
class KmsProbe:
    """Whether the KMS would unwrap the folder's key for a process that starts now."""

    keys: KeyStore
    _said: Cache[tuple[bool, str]] = field(default_factory=lambda: Cache(KMS_ASKED_S))

    def needed(self) -> Entry:
        """As a check of what stands on the KMS.

        Raises:
            CheckFailed: names the KMS, and says what to do.
        """
        well, words = self._found()
        if not well:
            raise CheckFailed(words)
        return healthy(words)

    def beside(self) -> Entry:
        """As a check of what goes on without it, with what is in memory, until it starts anew."""
        well, words = self._found()
        return degraded_if(not well, words)

    def _found(self) -> tuple[bool, str]:
        wrapping = self.keys.envelope.wrapping()
        if wrapping is None:
            count = len(self.keys.tenants())
            return True, f"none wraps the {count} key files: their folder's rights guard them"
        return self._said.get(
            f"{wrapping.kms} {wrapping.wrapped.version}", lambda: self._asked(wrapping)
        )

    def _asked(self, wrapping: Wrapping) -> tuple[bool, str]:
        started = perf_counter()
        try:
            self.keys.envelope.unwrapped(wrapping)
        except KmsFailed as error:
            return False, f"{error}; what runs goes on, what starts now would not"
        took_ms = (perf_counter() - started) * 1000
        return True, f"{wrapping.kms} unwrapped the folder's key in {took_ms:.1f} ms"


def keys_ready(keys: KeyStore, logs: Callable[[], Sequence[str]], clock: Clock) -> Entry:
    """The keys of every log can be read: their age, and how long reading took.

    Raises:
        KeyMissing, KeyUnusable: names the file, and says what to do.
    """
    started, found = perf_counter(), keys.anew()
    held = found.check()
    rings = [found.ring(log) for log in logs()]
    took_ms = (perf_counter() - started) * 1000
    ages = [since(clock(), instant(ring[-1].made_at)).days for ring in rings]
    oldest = f", the oldest that signs {max(ages)} days old" if ages else ""
    return healthy(f"{held} key files{oldest}; read in {took_ms:.1f} ms")


def signing_ready(keys: KeyStore, logs: Callable[[], Sequence[str]]) -> Entry:
    """The key of every log signs; what it signed says that it proves nothing, and is dropped.

    Raises:
        KeyMissing, KeyUnusable: names the file, and says what to do.
        CheckFailed: a signature does not verify.
    """
    started, signed, found = perf_counter(), 0, keys.anew()
    for log in logs():
        signer = found.signer(log)
        if not signer.verifier.signed(signer.sign(DRY_RUN)):
            raise CheckFailed(f"the key of {log} signs what does not verify")
        signed += 1
    took_ms = (perf_counter() - started) * 1000
    return healthy(f"{signed} keys signed a dry run in {took_ms:.1f} ms; none was stored")
