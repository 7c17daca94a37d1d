"""What escalation needs from outside."""

from typing import Protocol


class Bell(Protocol):
    """Rings at one address outside. One thread."""

    def ring(self) -> str:
        """Ask it once, within ten seconds; why that failed, empty: it did not."""
        ...
