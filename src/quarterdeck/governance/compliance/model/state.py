"""Policy states: what one policy says of one resource, and how that changes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from quarterdeck.governance.compliance.model.item import (
    MAX_ID,
    UnreadableItem,
    digest,
    id_of,
    moment,
    opened,
    word,
)
from quarterdeck.governance.compliance.model.verdict import Verdict, verdict_of
from quarterdeck.governance.inventory.model import What
from quarterdeck.kernel.ids import ConnectionId, TenantId

# Evaluations come again and again with another time; alone, that changes nothing.
ABOUT_THE_ANSWER = ("timestamp", "@odata.id", "@odata.context")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One policy state in a listing (Policy Insights, ``policyStates``, ``latest``).

    Attributes:
        id: ours; follows from connection, resource, assignment, policy and its reference.
        group: the resource group in lower case; empty for what stands in none.
        assignment, policy, policy_set: the cloud's ids; ``policy_set`` is empty where the
            policy is assigned by itself.
        effect: what the policy does: audit, deny, ...
        word: the cloud's own word for the state.
        evaluated_at: when the cloud says it looked.
        hash: of what it says, the time of evaluation left out.
        body: exactly what the cloud sent, JSON.
    """

    id: str
    resource: str
    resource_type: str
    location: str
    group: str
    assignment: str
    assignment_name: str
    policy: str
    policy_name: str
    policy_set: str
    policy_set_name: str
    category: str
    effect: str
    word: str
    verdict: Verdict
    evaluated_at: datetime | None
    hash: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is held of a state already."""

    hash: str
    verdict: Verdict
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of a state's history.

    Attributes:
        number: its place among the changes of its run, from 0.
        cloud_id: resource, assignment and policy, as the cloud wrote them.
        before, after: SHA-256 of what it said, hex; empty where there was or is none.
        was, became: the verdicts; None where there was or is none. Of one that is back, ``was``
            is what it was when it was last there.
    """

    run: str
    number: int
    state: str
    cloud_id: str
    what: What
    at: datetime
    before: str
    after: str
    was: Verdict | None
    became: Verdict | None

    @property
    def leaf(self) -> bytes:
        """The entry as a leaf of its run's Merkle tree: canonical JSON (RFC 8785)."""
        fields = {
            "after": self.after,
            "before": self.before,
            "id": self.cloud_id,
            "what": self.what.value,
        }
        return msgspec.json.encode(fields, order="sorted")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyState:
    """A policy state as it is held.

    Attributes:
        was: the verdict before this one; None where there was none.
        since: when it got its verdict, as far as we saw.
        closed_at: when a complete listing first had it no more; None while it is there.
        policy_title, policy_set_title, assignment_title: what people call them; empty where
            that is not known.
    """

    id: str
    tenant: TenantId
    connection: ConnectionId
    subscription: str
    resource: str
    resource_type: str
    location: str
    group: str
    assignment: str
    assignment_name: str
    policy: str
    policy_name: str
    policy_set: str
    policy_set_name: str
    category: str
    effect: str
    word: str
    verdict: Verdict
    was: Verdict | None
    evaluated_at: datetime | None
    first_seen: datetime
    since: datetime
    closed_at: datetime | None
    policy_title: str = ""
    policy_set_title: str = ""
    assignment_title: str = ""

    @property
    def policy_words(self) -> str:
        """What to call its policy before people."""
        return self.policy_title or self.policy_name

    @property
    def assignment_words(self) -> str:
        """What to call its assignment before people."""
        return self.assignment_title or self.assignment_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which states; an empty field asks for nothing.

    Attributes:
        policy, assignment: an id, a name or a display name, in any case.
        text: part of a resource's id, in any case.
        closed: also those that are there no more.
    """

    subscription: str = ""
    group: str = ""
    policy: str = ""
    assignment: str = ""
    verdict: Verdict | None = None
    text: str = ""
    closed: bool = False


def sighting(connection: ConnectionId, item: bytes) -> Sighting:
    """Read one item of a listing.

    Raises:
        UnreadableItem: it is not JSON, or names neither resource nor policy.
    """
    found = opened(item)
    resource, policy = word(found, "resourceId"), word(found, "policyDefinitionId")
    assignment = word(found, "policyAssignmentId")
    if not 0 < len(resource.strip("/")) <= MAX_ID or not (policy or assignment):
        raise UnreadableItem(f"expected resource and policy, got {resource[:80]!r} {policy[:80]!r}")
    flag = found.get("isCompliant")
    state = word(found, "complianceState")
    reference = word(found, "policyDefinitionReferenceId")
    return Sighting(
        id=id_of(connection, resource, assignment, policy, reference),
        resource=resource,
        resource_type=word(found, "resourceType") or _type_of(resource),
        location=word(found, "resourceLocation"),
        group=(word(found, "resourceGroup") or _group_of(resource)).casefold(),
        assignment=assignment,
        assignment_name=word(found, "policyAssignmentName") or _last(assignment),
        policy=policy,
        policy_name=word(found, "policyDefinitionName") or _last(policy),
        policy_set=word(found, "policySetDefinitionId"),
        policy_set_name=word(found, "policySetDefinitionName"),
        category=word(found, "policyDefinitionCategory"),
        effect=word(found, "policyDefinitionAction"),
        word=state,
        verdict=verdict_of(state, flag=flag if isinstance(flag, bool) else None),
        evaluated_at=moment(word(found, "timestamp")),
        hash=digest(found, *ABOUT_THE_ANSWER),
        body=item.decode(),
    )


def difference(
    known: Mapping[str, Known], seen: Iterable[Sighting]
) -> Iterator[tuple[What, Sighting]]:
    """What ``seen`` changes, each state once: its last sighting counts."""
    for sight in {s.id: s for s in seen}.values():
        before = known.get(sight.id)
        if before is None:
            yield What.ADDED, sight
        elif before.closed:
            yield What.RESTORED, sight
        elif before.hash != sight.hash:
            yield What.CHANGED, sight


def newest(until: datetime | None, seen: Iterable[Sighting]) -> datetime | None:
    """The newest evaluation of ``seen``, or ``until``; None where none is told."""
    moments = (sight.evaluated_at for sight in seen)
    return max((one for one in (until, *moments) if one is not None), default=None)


def cloud_id(sight: Sighting | PolicyState) -> str:
    """What the cloud knows a state by, in one text."""
    return f"{sight.resource} {sight.assignment} {sight.policy}"


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _group_of(resource: str) -> str:
    _, found, rest = resource.casefold().partition("/resourcegroups/")
    return rest.partition("/")[0] if found else ""


def _type_of(resource: str) -> str:
    _, found, rest = resource.rpartition("/providers/")
    provider, *names = rest.strip("/").split("/") if found else [""]
    return "/".join([provider, *names[::2]])
