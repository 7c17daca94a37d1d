"""What channels need from outside: where secrets are safe."""

from typing import Protocol

from quarterdeck.kernel.errors import Unavailable


class SecretLost(Unavailable):
    """What was sealed cannot be opened: the key that it was sealed with is not here."""


class Safe(Protocol):
    """Seals secrets of channels, each for the tenant and channel that has it. Any thread."""

    def seal(self, tenant: str, name: str, secret: str) -> str:
        """What may be stored."""
        ...

    def open(self, tenant: str, name: str, sealed: str) -> str:
        """The secret; raise SecretLost."""
        ...
