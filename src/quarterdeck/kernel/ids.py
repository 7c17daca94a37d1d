"""Identifiers: opaque strings that sort by creation time."""

from collections.abc import Callable
from datetime import datetime
from secrets import randbits
from typing import NewType
from uuid import UUID

from quarterdeck.kernel.clock import micros

TenantId = NewType("TenantId", str)
PrincipalId = NewType("PrincipalId", str)
TokenId = NewType("TokenId", str)
ConnectionId = NewType("ConnectionId", str)
JobId = NewType("JobId", str)

PLATFORM = TenantId("_platform")
"""The reserved log of what has no tenant. No tenant may bear this id."""

Ids = Callable[[datetime], str]


def uuid7(at: datetime) -> str:
    """A new id made ``at`` an instant: milliseconds, then 74 random bits (RFC 9562, 5.7)."""
    version, variant = 0x7 << 76, 0b10 << 62
    time = micros(at) // 1000 << 80
    return str(UUID(int=time | version | randbits(12) << 64 | variant | randbits(62)))
