"""What the log needs from storage."""

from collections.abc import Mapping
from typing import Protocol

from quarterdeck.trail.log.model import Checkpoint


class CheckpointStore(Protocol):
    """Holds each log's latest checkpoint, and never lets a log fork.

    Calls for one log are serializable, across processes and restarts. A
    checkpoint is durable once ``replace`` returns.
    """

    def latest(self, log: str) -> Checkpoint | None:
        """The checkpoint last published, or None for a log not yet begun."""
        ...

    def sizes(self) -> Mapping[str, int]:
        """The size of each log's latest checkpoint, by origin."""
        ...

    def replace(self, old: Checkpoint | None, new: Checkpoint) -> None:
        """Publish ``new`` in place of ``old`` (None: the log begins here).

        Raises:
            CheckpointMoved: the stored checkpoint is not ``old``; nothing changed.
        """
        ...
