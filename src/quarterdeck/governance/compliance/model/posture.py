"""Secure scores and advice, as the cloud gives them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quarterdeck.governance.compliance.model.item import (
    UnreadableItem,
    digest,
    id_of,
    inner,
    moment,
    opened,
    word,
)
from quarterdeck.kernel.ids import ConnectionId, TenantId

USUAL_SCORE = "ascScore"
"""The one score that every subscription has (Defender for Cloud, Secure Scores)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecureScore:
    """A secure score in points, ``current`` of ``most``; None where it is not given."""

    name: str
    title: str
    current: float | None
    most: float | None
    body: str

    @property
    def percent(self) -> float | None:
        """0 to 100, a tenth rounded down; None where it cannot be told."""
        if self.current is None or not self.most:
            return None
        return int(1000 * self.current / self.most) / 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A recommendation in a listing (Advisor).

    Attributes:
        id: ours; follows from the connection and the cloud's id.
        resource: the cloud's id of what it is about; empty where it names none.
        impact: High, Medium or Low, as the cloud says it.
    """

    id: str
    cloud_id: str
    category: str
    impact: str
    kind: str
    resource: str
    concerned: str
    problem: str
    solution: str
    updated_at: datetime | None
    hash: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAdvice:
    """A recommendation as it is held; ``closed_at`` is None while it is given."""

    id: str
    tenant: TenantId
    subscription: str
    cloud_id: str
    category: str
    impact: str
    kind: str
    resource: str
    concerned: str
    problem: str
    solution: str
    first_seen: datetime
    closed_at: datetime | None


def score(item: bytes) -> SecureScore:
    """Read one secure score; raise UnreadableItem where it has no name."""
    found = opened(item)
    name, properties = word(found, "name"), inner(found, "properties")
    if not name:
        raise UnreadableItem("expected a secure score with a name")
    points = inner(properties, "score")
    return SecureScore(
        name=name,
        title=word(properties, "displayName") or name,
        current=_number(points.get("current")),
        most=_number(points.get("max")),
        body=item.decode(),
    )


def advice(connection: ConnectionId, item: bytes) -> Advice:
    """Read one recommendation; raise UnreadableItem where it has no id."""
    found = opened(item)
    cloud_id, properties = word(found, "id"), inner(found, "properties")
    if not cloud_id:
        raise UnreadableItem("expected a recommendation with an id")
    said = inner(properties, "shortDescription")
    return Advice(
        id=id_of(connection, cloud_id),
        cloud_id=cloud_id,
        category=word(properties, "category"),
        impact=word(properties, "impact"),
        kind=word(properties, "impactedField"),
        resource=word(inner(properties, "resourceMetadata"), "resourceId"),
        concerned=word(properties, "impactedValue"),
        problem=word(said, "problem"),
        solution=word(said, "solution"),
        updated_at=moment(word(properties, "lastUpdated")),
        hash=digest(found | {"properties": _standing(properties)}),
        body=item.decode(),
    )


def _standing(properties: Any) -> dict[str, Any]:  # noqa: ANN401  a JSON object
    # Advisor looks again every day and says when; alone, that changes nothing.
    return {name: value for name, value in properties.items() if name != "lastUpdated"}


def _number(value: Any) -> float | None:  # noqa: ANN401  a JSON value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
