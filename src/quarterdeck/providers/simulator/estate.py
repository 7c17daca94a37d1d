"""An estate made from a seed: tenants, subscriptions, groups and resources.

The same seed and sizes make the same estate on every machine and in every version of
Python: only ``Random.random`` is used, whose sequence is promised never to change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from quarterdeck.providers.simulator.catalogue import (
    COMPANIES,
    COST_CENTRES,
    KINDS,
    OWNERS,
    REGIONS,
    STAGES,
    STATES,
    WORKLOADS,
    ResourceKind,
)

Choice = TypeVar("Choice")
Json = dict[str, Any]

NOW = datetime(2026, 3, 1, tzinfo=UTC)
"""Everything was made before this, and within three years of it."""

DAYS = 3 * 365
PER_GROUP = 25
MOST_PEOPLE = 5_000
LICENCES = ("AAD_PREMIUM_P2", "AAD_PREMIUM", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSubscription:
    """A subscription and the share of its tenant's resources that it holds.

    Attributes:
        currency: of its bills. ``EUR>USD`` changes in the middle of the month before the one
            in which the simulator was started.
    """

    id: str
    name: str
    stage: str
    resources: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedTenant:
    """A directory, and the one application that may read it.

    Attributes:
        domain: its initial domain, without ``.onmicrosoft.com``.
        licence: the edition of Entra ID, ``AAD_PREMIUM`` or ``AAD_PREMIUM_P2``; empty for free.
        people: how many users it has.
    """

    id: str
    name: str
    client_id: str
    client_secret: str
    domain: str
    licence: str
    people: int
    subscriptions: Sequence[SimulatedSubscription]


def tenants(seed: int, count: int, resources: int) -> list[SimulatedTenant]:
    """``count`` directories that together hold ``resources``; the first is the largest,
    thrice the last.
    """
    shares = split(resources, [1.5 - number / count for number in range(count)])
    return [tenant(seed, number, share) for number, share in enumerate(shares)]


def tenant(seed: int, number: int, resources: int) -> SimulatedTenant:
    """One directory."""
    key = f"{seed}/{number}"
    random = Random(key)  # noqa: S311  an estate is no secret
    company = COMPANIES[number % len(COMPANIES)]
    rank = number // len(COMPANIES)
    count = 2 + int(random.random() * 4)
    stages = [weighted(random, STAGES) for _ in range(count)]
    shares = split(resources, [(2 / 3) ** index for index in range(count)])
    return SimulatedTenant(
        id=guid(key, "tenant"),
        name=f"{company} {rank + 1}" if rank else company,
        client_id=guid(key, "client"),
        client_secret=digest(key, "secret")[:40],
        domain=f"{company} {rank + 1 if rank else ''}".replace(" ", "").lower(),
        licence=LICENCES[number % len(LICENCES)],
        people=min(20 + resources // 10, MOST_PEOPLE),
        subscriptions=[
            SimulatedSubscription(
                id=guid(key, "subscription", str(index)),
                name=f"{company.split()[0].lower()}-{stage}-{index + 1:02}",
                stage=stage,
                resources=share,
                currency=currency(number, index),
            )
            for index, (stage, share) in enumerate(zip(stages, shares, strict=True))
        ],
    )


def currency(tenant: int, index: int) -> str:
    """What a subscription is billed in: euros; dollars for each directory's second.

    That of the first directory changes from one to the other.
    """
    if index != 1:
        return "EUR"
    return "EUR>USD" if tenant == 0 else "USD"


def resource_groups(subscription: SimulatedSubscription) -> list[Json]:
    """The groups of a subscription; one at least."""
    random = Random(f"{subscription.id}/groups")  # noqa: S311  an estate is no secret
    return [
        resource_group(subscription, number, random)
        for number in range(subscription.resources // PER_GROUP + 1)
    ]


def resource_group(subscription: SimulatedSubscription, number: int, random: Random) -> Json:
    """One group, as its listing shows it."""
    workload = pick(random, WORKLOADS)
    name = f"rg-{workload}-{subscription.stage}-{number:03}"
    return {
        "id": f"/subscriptions/{subscription.id}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": weighted(random, REGIONS),
        "tags": {"workload": workload, "env": subscription.stage},
        "properties": {"provisioningState": "Succeeded"},
    }


def resources(subscription: SimulatedSubscription) -> Iterator[Json]:
    """Every resource of a subscription, as its listing with all of ``$expand`` shows it."""
    random = Random(f"{subscription.id}/resources")  # noqa: S311  an estate is no secret
    groups = resource_groups(subscription)
    kinds = {kind.type: kind.weight for kind in KINDS}
    by_type = {kind.type: kind for kind in KINDS}
    for number in range(subscription.resources):
        # Squaring leans towards the first groups: some are large, most are small.
        group = groups[int(random.random() ** 2 * len(groups))]
        yield resource(group, by_type[weighted(random, kinds)], number, random)


def resource(group: Json, kind: ResourceKind, number: int, random: Random) -> Json:
    """One resource; fields in the order that Azure sends them."""
    parent, name = names(group, kind, number)
    made = NOW - timedelta(seconds=int(random.random() * DAYS * 86_400))
    changed = made + (NOW - made) * random.random()
    item: Json = {
        "id": f"{group['id']}/providers/{located(kind.type, parent, name)}",
        "name": f"{parent}/{name}" if parent else name,
        "type": kind.type,
    }
    if kind.skus:
        item["sku"] = dict(pick(random, kind.skus))
    if kind.kind:
        item["kind"] = kind.kind
    item["location"] = group["location"] if random.random() < 0.9 else weighted(random, REGIONS)  # noqa: PLR2004
    item |= {"tags": tagged} if (tagged := tags(group, random)) else {}
    return item | {
        "createdTime": stamp(made),
        "changedTime": stamp(changed),
        "provisioningState": weighted(random, STATES),
    }


def names(group: Json, kind: ResourceKind, number: int) -> tuple[str, str]:
    """A resource's parent, empty for most, and its name, which no other has."""
    workload, stage = group["tags"]["workload"], group["tags"]["env"]
    if kind.dense:
        name = f"{kind.prefix}{workload[:8]}{stage[:4]}{number:06}"
    else:
        name = f"{kind.prefix}-{workload}-{stage}-{number:05}"
    parent = f"sql-{workload}-{stage}" if kind.type.count("/") > 1 else ""
    return parent, name


def located(type_: str, parent: str, name: str) -> str:
    """The tail of an id: ``Microsoft.Sql/servers/x/databases/y``."""
    namespace, *types = type_.split("/")
    owners = [parent, name] if parent else [name]
    return "/".join(
        [namespace, *(part for pair in zip(types, owners, strict=True) for part in pair)]
    )


def tags(group: Json, random: Random) -> dict[str, str]:
    """Tags as people leave them: some missing, some misspelt, a few in another alphabet."""
    if random.random() < 0.12:  # noqa: PLR2004  about one in eight has none
        return {}
    found = {"env": group["tags"]["env"], "workload": group["tags"]["workload"]}
    found |= {"owner": pick(random, OWNERS), "costCenter": pick(random, COST_CENTRES)}
    if random.random() < 0.03:  # noqa: PLR2004
        found["Abteilung"] = "Schiffsführung"
    return {name: value for name, value in found.items() if value or random.random() < 0.1}  # noqa: PLR2004


def split(total: int, weights: Sequence[float]) -> list[int]:
    """``total`` in shares by weight; their sum is exact, the first takes what rounding left."""
    shares = [int(total * weight / sum(weights)) for weight in weights]
    shares[0] += total - sum(shares)
    return shares


def weighted(random: Random, weights: Mapping[str, int]) -> str:
    """One of the keys, as often as its weight says."""
    point = random.random() * sum(weights.values())
    for key, weight in weights.items():
        point -= weight
        if point < 0:
            return key
    return list(weights)[-1]


def pick(random: Random, choices: Sequence[Choice]) -> Choice:
    """One of ``choices``, each as likely."""
    return choices[int(random.random() * len(choices))]


def guid(*parts: str) -> str:
    """A GUID that depends on ``parts`` alone, in the form of version 4."""
    return str(UUID(bytes=sha256("/".join(parts).encode()).digest()[:16], version=4))


def digest(*parts: str) -> str:
    """Text that looks random and depends on ``parts`` alone."""
    return sha256("/".join(parts).encode()).hexdigest()


def stamp(moment: datetime) -> str:
    """A moment as Azure writes it: seven digits of a second."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"
