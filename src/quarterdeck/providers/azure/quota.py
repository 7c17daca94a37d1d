"""Quotas: how many requests an API still takes, learnt from what it says.

Nothing here knows a quota by heart: a cloud that says nothing of one is asked at full speed,
and one that has said how much is left, or to come back later, is not asked before.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass

Key = tuple[str, ...]
"""What a quota belongs to: a credential, an API, and what that counts by."""

REMAINING = "x-ms-user-quota-remaining"
RESETS_AFTER = "x-ms-user-quota-resets-after"
"""Resource Graph's two, the second as hh:mm:ss;
https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests."""

READS_LEFT = re.compile(r"x-ms-ratelimit-remaining-(subscription|tenant)-reads$")
READS_REFILL_S = 1.0
"""Azure Resource Manager refills 25 reads a second;
https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling."""

COST_LEFT = "x-ms-ratelimit-microsoft.costmanagement-qpu-remaining"
COST_REFILL_S = 10.0
"""The shortest of Cost Management's three quotas is counted over 10 seconds;
https://learn.microsoft.com/azure/cost-management-billing/costs/manage-automation."""

MARGIN_S = 0.05  # requests take longer one time than another
MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an answer says of a quota.

    Attributes:
        left: requests that are left.
        resets_s: seconds until there are more.
        window: the two describe a window of requests, not a bucket that fills by itself.
    """

    left: int
    resets_s: float
    window: bool


@dataclass(slots=True)
class Lane:
    """One quota, as a window that slides over the requests that were sent.

    Attributes:
        size: requests that a window takes; 0 while nothing is known, and all may pass.
        span: its length, seconds.
        held: nobody passes before.
        sent: when the last requests were sent, or will be.
    """

    size: int = 0
    span: float = 0.0
    held: float = 0.0
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))

    def due(self, now: float) -> float:
        """When the next request may be sent."""
        full = self.size and len(self.sent) >= self.size
        return max(now, self.held, self.sent[-self.size] + self.span if full else 0.0)

    def learn(self, told: Told, now: float) -> None:
        """Believe the cloud. Where it has less than we have used, others use it too."""
        if told.window:
            self.size = max(self.size, told.left + 1)
            self.span = max(self.span, told.resets_s + MARGIN_S)
        # Sent a little earlier than counted there: by as long as the answer was on its way.
        ours = sum(at > now - self.span * 1.2 for at in self.sent)
        if told.left == 0 and (not told.window or ours < self.size):
            self.held = max(self.held, now + told.resets_s + MARGIN_S)


@dataclass(slots=True)
class Pacer:
    """Keeps all threads within each quota; whoever comes first is served first.

    ``monotonic`` gives seconds.
    """

    monotonic: Callable[[], float]
    _lanes: dict[Key, Lane] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def admit(self, key: Key, longest_s: float) -> float:
        """Seconds to wait before a request may be sent; it is booked.

        Raises CloudFailure(RATE_LIMIT) where that is more than ``longest_s``; then nothing
        is booked, and the failure says how long it would be.
        """
        with self._lock:
            lane, now = self._lanes.setdefault(key, Lane()), self.monotonic()
            wait = lane.due(now) - now
            if wait > longest_s:
                raise exhausted(key, wait)
            lane.sent.append(now + wait)
            return wait

    def answered(self, key: Key, headers: Mapping[str, str]) -> None:
        """Learn from an answer's headers, by lower-case name."""
        said = told(headers)
        if said is None:
            return
        with self._lock:
            self._lanes.setdefault(key, Lane()).learn(said, self.monotonic())

    def hold(self, key: Key, seconds: float) -> None:
        """Let nobody pass for some time: the cloud has asked for it."""
        with self._lock:
            lane = self._lanes.setdefault(key, Lane())
            lane.held = max(lane.held, self.monotonic() + seconds)


def told(headers: Mapping[str, str]) -> Told | None:
    """What an answer says of its quota; None where it says nothing that can be read."""
    if REMAINING in headers and RESETS_AFTER in headers:
        left, resets_s = number(headers[REMAINING]), clock_s(headers[RESETS_AFTER])
        if left is None or resets_s is None:
            return None
        return Told(left=left, resets_s=resets_s, window=True)
    for name, value in headers.items():
        if READS_LEFT.match(name):
            return empty(value, READS_REFILL_S)
        if name == COST_LEFT:
            return empty(value, COST_REFILL_S)
    return None


def empty(value: str, refill_s: float) -> Told | None:
    """A count that matters once it is at zero; of several in one value, the least."""
    counts = [int(digits) for digits in re.findall(r"(?<![\w.])\d+(?![\w.])", value)]
    if not counts or min(counts) > 0:
        return None
    return Told(left=0, resets_s=refill_s, window=False)


def number(text: str) -> int | None:
    """A count; None if it is not one."""
    return int(text) if text.strip().isdecimal() else None


def clock_s(text: str) -> float | None:
    """Seconds of ``hh:mm:ss`` or of a number; None if it is neither."""
    try:
        parts = [float(part) for part in text.strip().split(":")]
    except ValueError:
        return None
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds


def exhausted(key: Key, wait_s: float) -> CloudFailure:
    """A quota that is used up for longer than it is worth waiting here."""
    message = f"{key[1]}: its quota is used up for another {wait_s:.0f} s; nothing was asked"
    return CloudFailure(FailureClass.RATE_LIMIT, message, retry_after_s=wait_s)
