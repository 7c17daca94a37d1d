"""What can be made to go wrong in a simulated cloud."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

On = Literal["token", "subscriptions", "groups", "resources"]


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


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A fault and where it strikes.

    Attributes:
        tenant: only this directory's requests; empty for all. So for ``subscription``.
        page: only this page of a listing, counted from 1; 0 for every page.
        times: how often it strikes, then it is gone; None for ever.
        seconds: the wait asked for by ``throttle``, the delay of ``slow``.
        header: the header by which ``throttle`` asks; one that ends in ``-ms`` gets milliseconds.
    """

    kind: FaultKind
    on: On = "resources"
    tenant: str = ""
    subscription: str = ""
    page: Annotated[int, msgspec.Meta(ge=0)] = 0
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 1.0
    header: str = "retry-after"

    def headers(self) -> Mapping[str, str]:
        """What a throttled answer says about when to come back."""
        wait = self.seconds * 1000 if self.header.endswith("-ms") else self.seconds
        return {self.header: f"{wait:g}"}


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
