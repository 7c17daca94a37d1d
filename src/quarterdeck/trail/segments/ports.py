"""What segments need from storage."""

from datetime import datetime
from typing import Protocol


class SegmentStore(Protocol):
    """Objects that are written once. None is changed or deleted before its lock ends.

    Any number of processes write at once.
    """

    @property
    def label(self) -> str:
        """What keeps the objects from being changed, said honestly."""
        ...

    def check(self) -> str:
        """What can be said of it now, with live numbers. Leaves nothing behind.

        Raises:
            StoreUnavailable: it is away, full, or does not hold what it is given.
        """
        ...

    def put(self, key: str, content: bytes, until: datetime) -> None:
        """Write an object, durable on return, locked until then where the store can.

        The same content again is nothing.

        Raises:
            StoreRefused: other content stands there; it was left as it is.
            StoreUnavailable: the store is away, or full.
        """
        ...

    def locked_until(self, key: str) -> datetime | None:
        """Until when an object is locked, to the second; None if it is not, or not there.

        Raises:
            StoreUnavailable: the store is away.
        """
        ...

    def replace(self, key: str, content: bytes, now: datetime) -> None:
        """Put other content in the place of an object whose lock has ended; durable on return.

        Nothing of the old content is left. The same again is nothing.

        Raises:
            StoreRefused: it is locked still, or there is none.
            StoreUnavailable: the store is away.
        """
        ...

    def get(self, key: str) -> bytes | None:
        """The object as it was first written, whatever was put over it; None if there is none.

        Raises:
            StoreUnavailable: the store is away.
        """
        ...
