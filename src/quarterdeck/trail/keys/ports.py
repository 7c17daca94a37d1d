"""What keeping keys needs from a key management service."""

from collections.abc import Callable
from typing import Protocol

from quarterdeck.trail.keys.model import Wrapped


class Kms(Protocol):
    """Holds a key that never leaves it. Any thread and any process may ask it.

    Both verbs raise KmsFailed, which names key and KMS and says what to do.
    """

    @property
    def name(self) -> str:
        """The name by which it is opened again."""
        ...

    def wrap(self, secret: bytes) -> Wrapped:
        """``secret``, of 32 bytes, under the newest version of the key."""
        ...

    def unwrap(self, wrapped: Wrapped) -> bytes:
        """What was wrapped, under whichever version."""
        ...


OpenKms = Callable[[str], Kms]
"""The KMS of a name; asks nobody yet. Raises KmsUnknown."""
