"""A change of the ledger as a leaf of its run's Merkle tree. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

import msgspec

from quarterdeck.governance.costs.model import Line, What
from quarterdeck.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What a run changed in one line's day, on one basis.

    Attributes:
        number: its place among the changes of its run, from 0: by line, day and basis.
        place: the subscription and the cut.
        was, became: None where there was, or is, no entry.
    """

    number: int
    at: datetime
    place: str
    line: Line
    day: date
    basis: str
    was: Money | None
    became: Money | None

    @property
    def what(self) -> What:
        """Its kind."""
        if self.was is None:
            return What.ADDED
        return What.LOST if self.became is None else What.RESTATED

    @property
    def cloud_id(self) -> str:
        """What was charged, in one text: parts are quoted where they hold a space."""
        parts = (self.line.label, self.line.group, self.line.currency)
        return f"{self.place} {self.day} {self.basis} {msgspec.json.encode(parts).decode()}"

    @property
    def before(self) -> str:
        """SHA-256 of the amount's text before, hex; empty where there was none."""
        return _digest(self.was)

    @property
    def after(self) -> str:
        """SHA-256 of the amount's text now; empty where there is none."""
        return _digest(self.became)

    @property
    def leaf(self) -> bytes:
        """The entry as a leaf: canonical JSON (RFC 8785)."""
        fields = {
            "after": self.after,
            "before": self.before,
            "id": self.cloud_id,
            "what": self.what.value,
        }
        return msgspec.json.encode(fields, order="sorted")


def _digest(amount: Money | None) -> str:
    if amount is None:
        return ""
    return sha256(f"{amount.text} {amount.currency}".encode()).hexdigest()
