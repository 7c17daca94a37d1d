"""The topic in process: the log itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quarterdeck.trail.deliveries.model import Batch, Waiting
from quarterdeck.trail.log.ports import Reader

OF_ONE_LOG, IN_ALL = 2_000, 5_000
"""Records handed over in one transaction: of one log, and of all."""

READ_AT_ONCE, MOST_BYTES = 250, 16 << 20


@dataclass(frozen=True, slots=True)
class Share:
    """What one log may have of a turn: ``count`` records from ``start`` on; more wait up to
    ``end``.
    """

    log: str
    start: int
    count: int
    end: int

    @property
    def indices(self) -> range:
        """The indices of the records."""
        return range(self.start, self.start + self.count)


class LocalTopic:
    """The log itself: consumers read it up to where the relay stands."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def publish(self, log: str, start: int, end: int) -> int:  # noqa: ARG002  the port's
        """As the port says; the log is durable before anybody can see it."""
        return end

    def subscribe(self, consumer: str) -> "LocalFeed":  # noqa: ARG002  the port's
        """As the port says."""
        return LocalFeed(self._reader)

    def check(self) -> str:
        """As the port says; the log is there, or nothing was appended."""
        return "in process: the topic is the log itself"

    def close(self) -> None:
        """Nothing is held."""


class LocalFeed:
    """Reads the log where the consumer stands."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def take(self, waiting: Sequence[Waiting]) -> list[Batch]:
        """As the port says."""
        found = []
        for share in shares(waiting):
            entries = entries_of(self._reader, share.log, share.start, share.count)
            if entries:
                found.append(Batch(log=share.log, first=share.start, entries=tuple(entries)))
        return found

    def settle(self, ends: Iterable[tuple[str, int]]) -> None:
        """Nothing is held: the place says it."""

    def close(self) -> None:
        """Nothing is held."""


def shares(waiting: Sequence[Waiting]) -> list[Share]:
    """What each log may have of one turn; those that would have nothing wait for the next."""
    found: list[Share] = []
    left = IN_ALL
    for place, end in waiting:
        count = min(end - place.position, OF_ONE_LOG, left)
        if count > 0:
            found.append(Share(place.log, place.position, count, end))
            left -= count
    return found


def entries_of(reader: Reader, log: str, start: int, most: int) -> list[bytes]:
    """At most so many entries from ``start`` on, and no more bytes than one turn may have."""
    entries: list[bytes] = []
    size = 0
    while len(entries) < most and size < MOST_BYTES:
        at = start + len(entries)
        more = reader.entries(log, at, min(READ_AT_ONCE, most - len(entries)))
        if not more:
            break
        entries += more
        size += sum(map(len, more))
    return entries
