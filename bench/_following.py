"""How far proofs and the read model are behind what was acknowledged, while it grows."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine

from quarterdeck.kernel.db import reading
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import Name

EVERY_S = 0.1


@dataclass(slots=True)
class Following:
    """Samples of one run. ``acked`` tells how many events were acknowledged so far.

    Attributes:
        lags: by what was followed, seconds since what it has now was acknowledged.
    """

    engine: Engine
    read: Engine
    acked: Callable[[], int]
    lags: dict[str, list[float]] = field(default_factory=dict)
    _times: list[float] = field(default_factory=list)
    _counts: list[int] = field(default_factory=list)
    _before: dict[str, int] = field(default_factory=dict)

    async def follow(self) -> None:
        """Take samples until cancelled."""
        self._before, self._times, self._counts = self.sizes(), [], []
        while True:
            self._times.append(perf_counter())
            self._counts.append(self.acked())
            self._note(await asyncio.to_thread(self.sizes))
            await asyncio.sleep(EVERY_S)

    def sizes(self) -> dict[str, int]:
        """How many records have a proof, and how many can be found."""
        with reading(self.read) as db:
            places = store.every_place(db)
        visible = sum(at.size for (name, _), at in places.items() if name == Name.TIMELINE)
        return {
            "proof": sum(SqlCheckpointStore(self.engine).sizes().values()),
            "visible": visible,
        }

    def behind(self, size: int) -> bool:
        """Whether fewer than ``size`` records have a proof, or can be found in a read model."""
        with reading(self.read) as db:
            places = store.every_place(db)
        found: dict[str, int] = {"proof": self.sizes()["proof"]}
        for (name, _), at in places.items():
            found[name] = found.get(name, 0) + at.size
        return min(found.values()) < size

    def p95(self, what: str) -> float:
        """Seconds from the acknowledgement until it was so, of 95 of 100 samples."""
        lags = sorted(self.lags.get(what, [0.0]))
        return lags[len(lags) * 95 // 100]

    def _note(self, sizes: dict[str, int]) -> None:
        for what, size in sizes.items():
            # The oldest sample that had acknowledged more than is there now.
            at = bisect_left(self._counts, size - self._before[what] + 1)
            lag = perf_counter() - self._times[at] if at < len(self._times) else 0.0
            self.lags.setdefault(what, []).append(lag)


def rss_mb(process: int) -> float:
    """Memory that a process has now (proc(5), status)."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
