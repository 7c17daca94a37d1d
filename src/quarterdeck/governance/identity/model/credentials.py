"""Secrets and certificates of applications, and when they end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.governance.identity.model.directory import moment
from quarterdeck.governance.identity.model.shape import Item, name_of, several, word

SOON, VERY_SOON = timedelta(days=30), timedelta(days=7)
"""Lead times of runbook 000, section 6.1, and the last week of them."""


class Due(StrEnum):
    """How near the end of a credential is."""

    EXPIRED = "expired"
    WITHIN_7_DAYS = "within_7_days"
    WITHIN_30_DAYS = "within_30_days"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A secret or certificate, by its id alone: nothing of it is ever sent.

    Attributes:
        kind: ``secret`` or ``certificate``.
        holder: ``application`` or ``service_principal``.
        ends_at: None where the directory tells no end.
    """

    id: str
    kind: str
    holder: str
    object: str
    client: str
    application: str
    name: str
    ends_at: datetime | None

    def due(self, now: datetime) -> Due:
        """How near its end is."""
        if self.ends_at is None:
            return Due.LATER
        left = self.ends_at - now
        if left <= timedelta(0):
            return Due.EXPIRED
        if left <= VERY_SOON:
            return Due.WITHIN_7_DAYS
        return Due.WITHIN_30_DAYS if left <= SOON else Due.LATER


def credentials(item: Item, holder: str) -> list[Credential]:
    """Those of an application or a service principal as Graph sends it."""
    kinds = (("secret", "passwordCredentials"), ("certificate", "keyCredentials"))
    return [
        Credential(
            id=word(one, "keyId") or str(index),
            kind=kind,
            holder=holder,
            object=name_of(item),
            client=word(item, "appId"),
            application=word(item, "displayName"),
            name=word(one, "displayName"),
            ends_at=moment(one.get("endDateTime")),
        )
        for kind, listed in kinds
        for index, one in enumerate(several(item, listed))
    ]
