"""What processes of this machine use: CPU and memory, and whether memory grows and grows."""

import os
import shutil
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from prometheus_client import Gauge

MEMORY = Gauge("quarterdeck_process_memory_bytes", "Resident memory of this process.")
CPU = Gauge("quarterdeck_process_cpu_seconds", "CPU time of this process since it began.")
GROWTH = Gauge(
    "quarterdeck_process_memory_growth_bytes_per_hour",
    "By how much its memory grows, over the last hours; 0 until enough is known.",
)
DISK = Gauge(
    "quarterdeck_disk_free_share", "Of the disk with the data directory: what is free, 0 to 1."
)
EVERY_S, KEPT, LEAST = 60.0, 240, 30
PARTS, STEADY = 4, 0.1
"""A growth is steady where the mean of each quarter of the samples is above the one before it,
by a tenth of the whole growth at least: one step, however high, is none.
"""

LIMIT_BYTES_PER_HOUR = 32 << 20
STAT = Path("/proc/self/stat")
PAGES, UTIME, STIME = 21, 11, 12  # of the fields after the command's name: proc(5)


@dataclass(slots=True)
class Memory:
    """Samples of memory, the newest last: (seconds, bytes), at most one a minute."""

    samples: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, at_s: float, size: int) -> None:
        """Keep a sample; one that comes sooner than a minute after the last is left out."""
        if not self.samples or at_s - self.samples[-1][0] >= EVERY_S:
            self.samples.append((at_s, size))

    def growth_bytes_per_hour(self) -> float:
        """The slope by least squares where growth is steady; else 0."""
        if len(self.samples) < LEAST or not self._steady():
            return 0.0
        count = len(self.samples)
        mid_s = sum(at for at, _ in self.samples) / count
        mid = sum(size for _, size in self.samples) / count
        spread = sum((at - mid_s) ** 2 for at, _ in self.samples)
        rise = sum((at - mid_s) * (size - mid) for at, size in self.samples)
        return max(0.0, 3600 * rise / spread)

    def _steady(self) -> bool:
        sizes = [size for _, size in self.samples]
        size = len(sizes) / PARTS
        parts = [sizes[round(n * size) : round((n + 1) * size)] for n in range(PARTS)]
        means = [sum(part) / len(part) for part in parts]
        least = STEADY * (means[-1] - means[0])
        return least > 0 and all(after - before >= least for before, after in pairwise(means))


def measure_disk(folder: Path) -> None:
    """Set the gauge of the disk that ``folder`` is on."""
    used = shutil.disk_usage(folder)
    DISK.set(used.free / used.total)


def measure(memory: Memory, at_s: float) -> None:
    """Set the gauges of this process."""
    used = usage()
    memory.add(at_s, int(used["memory_bytes"]))
    MEMORY.set(used["memory_bytes"])
    CPU.set(used["cpu_s"])
    GROWTH.set(memory.growth_bytes_per_hour())


def usage() -> Mapping[str, float]:
    """Resident bytes and CPU seconds of this process."""
    fields = STAT.read_text().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return {
        "memory_bytes": int(fields[PAGES]) * os.sysconf("SC_PAGE_SIZE"),
        "cpu_s": (int(fields[UTIME]) + int(fields[STIME])) / ticks,
    }
