"""Checkpoints in memory, for the simulator and for tests."""

from collections.abc import Sequence
from threading import Lock

from quarterdeck.trail.log.model import Checkpoint, CheckpointMoved


class MemoryCheckpointStore:
    """A CheckpointStore (see ``ports``) that forgets when the process ends."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._latest: dict[str, Checkpoint] = {}

    def latest(self, log: str) -> Checkpoint | None:
        return self._latest.get(log)

    def sizes(self) -> dict[str, int]:
        with self._lock:
            return {log: checkpoint.size for log, checkpoint in self._latest.items()}

    def replace(self, old: Checkpoint | None, new: Checkpoint) -> None:
        with self._lock:
            if self._latest.get(new.log) != old:
                raise CheckpointMoved(f"log {new.log} has moved")
            self._latest[new.log] = new

    def advance(self, steps: Sequence[tuple[Checkpoint | None, Checkpoint]]) -> set[str]:
        with self._lock:
            lost = {new.log for old, new in steps if self._latest.get(new.log) != old}
            self._latest |= {new.log: new for _, new in steps if new.log not in lost}
        return lost
