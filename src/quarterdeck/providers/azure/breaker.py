"""Circuit breakers: an API that is down costs one probe, not the patience of every call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.providers.azure.metrics import CIRCUITS_OPEN
from quarterdeck.providers.azure.quota import Key

CALLS_TO_OPEN = 2
"""Calls in a row that gave up; one may have met a subscription of its own trouble."""

FIRST_REST_S = 30.0
LONGEST_REST_S = 300.0
DOWN = frozenset({FailureClass.TIMEOUT, FailureClass.UNKNOWN})


@dataclass(slots=True)
class Circuit:
    """What is known of one API for one credential.

    Attributes:
        failures: calls in a row that gave up.
        until: no call before, but a probe after; 0 while closed.
        rest_s: how long it stays open the next time.
        probing: a call is on its way to find out.
        last: the words of the last failure.
    """

    failures: int = 0
    until: float = 0.0
    rest_s: float = FIRST_REST_S
    probing: bool = False
    last: str = ""


@dataclass(slots=True)
class Breakers:
    """The circuits of an installation; ``monotonic`` gives seconds."""

    monotonic: Callable[[], float]
    _circuits: dict[Key, Circuit] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def guard(self, key: Key) -> Iterator[bool]:
        """Around a call; gives whether it is a probe, which is worth one try only.

        Raises CloudFailure(TIMEOUT) at once while the circuit is open.
        """
        probe = self._enter(key)
        try:
            yield probe
        except CloudFailure as failure:
            self._count(key, failure)
            raise
        except BaseException:  # also a stop: a probe that is never released keeps all others out
            self._release(key)
            raise
        self._close(key)

    def open(self) -> dict[Key, str]:
        """What is down now, and the words of its last failure."""
        with self._lock:
            return {key: one.last for key, one in self._circuits.items() if one.until}

    def _enter(self, key: Key) -> bool:
        with self._lock:
            circuit = self._circuits.setdefault(key, Circuit())
            if not circuit.until:
                return False
            left_s = circuit.until - self.monotonic()
            if left_s > 0 or circuit.probing:
                raise resting(key, max(left_s, 1.0), circuit.last)
            circuit.probing = True
            return True

    def _count(self, key: Key, failure: CloudFailure) -> None:
        if failure.kind not in DOWN:
            self._close(key)  # it answered
            return
        with self._lock:
            circuit = self._circuits[key]
            circuit.failures += 1
            circuit.probing, circuit.last = False, str(failure)
            if circuit.until or circuit.failures >= CALLS_TO_OPEN:
                if not circuit.until:
                    CIRCUITS_OPEN.labels(key[1]).inc()
                circuit.until = self.monotonic() + circuit.rest_s
                circuit.rest_s = min(circuit.rest_s * 2, LONGEST_REST_S)

    def _close(self, key: Key) -> None:
        with self._lock:
            if self._circuits[key].until:
                CIRCUITS_OPEN.labels(key[1]).dec()
            self._circuits[key] = Circuit()

    def _release(self, key: Key) -> None:
        with self._lock:
            self._circuits[key].probing = False


def resting(key: Key, left_s: float, last: str) -> CloudFailure:
    """The API has not answered lately; nobody asks it for a while."""
    message = f"{key[1]} is not asked for another {left_s:.0f} s, since it failed: {last}"
    return CloudFailure(FailureClass.TIMEOUT, message, retry_after_s=left_s)
