"""What is outside the database: a log that survives any process, written by the jobs' steps."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from crash.points import Points


@dataclass(frozen=True, slots=True)
class World:
    """Remembers what was done to it, in order."""

    path: Path

    def do(self, points: Points, what: str, job: str, value: object) -> int:
        """Be changed; a process may die just before and just after. The number of the change."""
        points.hit()
        line = json.dumps([what, job, value]) + "\n"
        log = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, line.encode())
        os.close(log)
        points.hit()
        return len(self.done())

    def done(self, what: str = "", job: str = "") -> list[object]:
        """The values of what was done, in order."""
        if not self.path.exists():
            return []
        entries = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [v for w, j, v in entries if what in ("", w) and job in ("", j)]

    def forget(self) -> None:
        """Be as if nothing had been done."""
        self.path.unlink(missing_ok=True)
