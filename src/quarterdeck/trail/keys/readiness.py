"""Whether keys can be used: read, and signed with. No signature of a check is kept anywhere."""

from collections.abc import Callable, Sequence
from time import perf_counter

from quarterdeck.kernel.clock import Clock, instant, since
from quarterdeck.kernel.health import CheckFailed, Entry, healthy
from quarterdeck.trail.keys.keystore import KeyStore

DRY_RUN = "quarterdeck dry run: this signature proves nothing\n"


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
