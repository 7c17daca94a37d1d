"""Which reports a framework asks for, and the period of one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from quarterdeck.kernel.errors import Invalid

SECTIONS = ("retention", "residency", "holds", "integrity", "access")
FRAMEWORKS: Mapping[str, tuple[str, ...]] = {
    "soc2": ("retention", "integrity", "access"),
    "iso27001": ("retention", "integrity", "access"),
    "gdpr": SECTIONS,
    "hipaa": ("retention", "integrity", "access"),
}
"""The sections that evidence each: SOC 2 CC7.2 (monitoring) and CC6.1 (logical access); ISO/IEC
27001:2022 A.8.15 (logs are produced, stored and protected) and A.5.15 (access); GDPR 5(1)(e) and
(f) (storage limitation, integrity), 17(3) (what stands against an erasure) and 44 (transfers);
HIPAA 45 CFR 164.312(b) (audit controls) and 164.316(b)(2)(i) (six years). Neither ISO 27001 nor
HIPAA asks where data stands, or for legal holds."""


class ReportInvalid(Invalid):
    """The report cannot be asked for so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From ``since`` on, before ``until``: when records occurred, microseconds since 1970."""

    since: int
    until: int

    def __post_init__(self) -> None:
        if self.since > self.until:
            raise ReportInvalid("from is later than to")

    def holds(self, at: int) -> bool:
        return self.since <= at < self.until


def sections_of(framework: str) -> tuple[str, ...]:
    """The sections that a framework asks for; empty: all.

    Raises:
        ReportInvalid: says which frameworks there are.
    """
    if not framework:
        return SECTIONS
    if framework not in FRAMEWORKS:
        raise ReportInvalid(f"no framework {framework[:40]!r}; there are {', '.join(FRAMEWORKS)}")
    return FRAMEWORKS[framework]
