"""What can be made to go wrong in a simulated cloud."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from math import ceil
from typing import Annotated, Literal

import msgspec

On = Literal[
    "token",
    "subscriptions",
    "groups",
    "resources",
    "resource_graph",
    "costs",
    "budgets",
    "policy_states",
    "policy_definitions",
    "secure_scores",
    "advice",
    "role_assignments",
    "role_definitions",
    "users",
    "directory_groups",
    "group_members",
    "directory_roles",
    "conditional_access",
    "registrations",
    "applications",
    "service_principals",
    "organization",
    "status",
    "keys",
]


class FaultKind(StrEnum):
    """How an endpoint fails."""

    THROTTLE = "throttle"  # 429 with a header that asks to wait
    UNAUTHORIZED = "unauthorized"  # 401, as after a token was revoked
    FORBIDDEN = "forbidden"  # 403, as without a role
    MISSING = "missing"  # 404
    BROKEN = "broken"  # 500
    UNAVAILABLE = "unavailable"  # 503
    EXPIRED_SECRET = "expired_secret"  # noqa: S105  on token: AADSTS7000222
    SLOW = "slow"  # a right answer, late
    GARBLED = "garbled"  # 200, and a body that is not JSON
    TRUNCATED = "truncated"  # 200, and the connection ends within the body
    RENAMED = "renamed"  # 200, and the schema has changed: no ``value``
    LOOP = "loop"  # nextLink leads to the same page
    ASTRAY = "astray"  # nextLink leads to another host
    REPEATED = "repeated"  # the first page again, with the link of the page asked for
    EMPTY = "empty"  # 200 with nothing in it


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A fault and where it strikes.

    Attributes:
        tenant: only this directory's requests; empty for all. So for ``subscription``.
        page: only this page of a listing, counted from 1; 0 for every page.
        times: how often it strikes, then it is gone; None for ever.
        seconds: the wait asked for by ``throttle``, the delay of ``slow``.
        header: the header by which ``throttle`` asks; one that ends in ``-ms`` gets milliseconds.
            Empty for the headers that the API itself sends.
    """

    kind: FaultKind
    on: On = "resources"
    tenant: str = ""
    subscription: str = ""
    page: Annotated[int, msgspec.Meta(ge=0)] = 0
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 1.0
    header: str = ""

    def headers(self) -> Mapping[str, str]:
        """What a throttled answer says about when to come back."""
        if not self.header:
            return throttled(self.on, self.seconds)
        wait = self.seconds * 1000 if self.header.endswith("-ms") else self.seconds
        return {self.header: f"{wait:g}"}


COST_LIMITS = ("qpu", "entity", "tenant", "client")
"""What Cost Management counts; learn.microsoft.com/azure/cost-management-billing/automate."""


def throttled(on: On, seconds: float) -> Mapping[str, str]:
    """The headers of a 429 as each API sends them."""
    if on == "costs":
        family = "x-ms-ratelimit-microsoft.costmanagement"
        return {f"{family}-{limit}-retry-after": f"{ceil(seconds)}" for limit in COST_LIMITS}
    if on == "resource_graph":
        return quota_headers(0, seconds) | {"retry-after": f"{seconds:g}"}
    return {"retry-after": f"{seconds:g}"}


def quota_headers(left: int, seconds: float) -> dict[str, str]:
    """How Resource Graph tells what is left of its quota, and when it begins anew."""
    minutes, rest = divmod(ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return {
        "x-ms-user-quota-remaining": str(left),
        "x-ms-user-quota-resets-after": f"{hours:02}:{minutes:02}:{rest:02}",
    }


class Faults:
    """The faults that are set. The first that fits strikes."""

    def __init__(self) -> None:
        self._set: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._set)

    def add(self, fault: Fault) -> None:
        """Set a fault."""
        self._set.append(fault)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._set.clear()

    def strike(self, on: On, tenant: str, subscription: str = "", page: int = 1) -> Fault | None:
        """The fault of this request, counted; None where all is well."""
        for fault in self._set:
            if fits(fault, on, tenant, subscription, page):
                return self._counted(fault)
        return None

    def _counted(self, fault: Fault) -> Fault:
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self._set.remove(fault)
        return fault


def fits(fault: Fault, on: On, tenant: str, subscription: str, page: int) -> bool:
    """Whether a fault is meant for a request."""
    return (
        fault.on == on
        and fault.tenant in ("", tenant)
        and fault.subscription in ("", subscription)
        and fault.page in (0, page)
    )
