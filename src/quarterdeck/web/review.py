"""The daily review (runbook 000, section 1.2): six checks, each with what to do if it fails.

It composes what the estate and the alerts say, for whoever shows it: contexts do not
import each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from quarterdeck.access.tenants import service as tenants_of
from quarterdeck.governance.sync.freshness import Age, Freshness
from quarterdeck.governance.sync.model import COMPLIANCE, COSTS, RESOURCES, Policies
from quarterdeck.governance.sync.service.freshness import freshness
from quarterdeck.governance.sync.service.standings import Standing, TenantStanding, standings
from quarterdeck.kernel.work import MissingPermission, Work
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.model import Severity
from quarterdeck.runtime import Runtime

T = TypeVar("T")

PAGE = "GET /"
SLOWEST = timedelta(seconds=5)
NAMED = 3  # tenants or alerts that a line names; the others are counted

TITLES = {
    COSTS: ("Cost data current", "Trigger cost sync"),
    COMPLIANCE: ("Compliance data current", "Trigger compliance sync"),
    RESOURCES: ("Resource inventory current", "Trigger resource sync"),
}


class Verdict(StrEnum):
    """What a check of the review says."""

    PASS = "pass"  # noqa: S105  a verdict
    FAIL = "fail"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One check.

    Attributes:
        word: current, stale, not known, or what else the verdict means here.
        detail: what was found, or why it is not known.
        since: of the oldest data, or when it went stale; None where that says nothing.
        act: what to do, in words; ``sync`` is the domain to sync, ``path`` where to look.
    """

    check: str
    expected: str
    verdict: Verdict
    word: str
    detail: str
    since: datetime | None = None
    act: str = ""
    sync: str = ""
    path: str = ""


def review(work: Work, runtime: Runtime, known: Policies) -> list[Line]:
    """The six checks, over all that the actor may see."""
    ages = _allowed(lambda: freshness(work, known))
    tenants = _allowed(lambda: standings(work, known))
    names = {str(one.id): one.name for one in _allowed(lambda: tenants_of.visible(work)) or ()}
    return [
        _loads(runtime),
        *(_domain(domain, ages, known, names) for domain in TITLES),
        _alerts(work),
        _tenants(tenants, names),
    ]


def overall(lines: Sequence[Line]) -> Verdict:
    """Failed if one did; not known if none did and one is not known."""
    said = {line.verdict for line in lines}
    if Verdict.FAIL in said:
        return Verdict.FAIL
    return Verdict.NOT_KNOWN if Verdict.NOT_KNOWN in said else Verdict.PASS


def _loads(runtime: Runtime) -> Line:
    took = [one.duration_ms for one in runtime.requests.newest() if one.name == PAGE]
    slowest = timedelta(milliseconds=max(took, default=0.0))
    found = f"the slowest of the last {len(took)} took {slowest.total_seconds():.2f} s to answer"
    well = slowest < SLOWEST
    return Line(
        check="Dashboard loads",
        expected="Page displays within 5 seconds",
        verdict=(Verdict.PASS if well else Verdict.FAIL) if took else Verdict.NOT_KNOWN,
        word=("loads" if well else "slow") if took else "not known",
        detail=found if took else "nobody opened it since this process began",
        act="Check app health",
        path="/health/detailed",
    )


def _domain(
    domain: str, ages: Sequence[Freshness] | None, known: Policies, names: Mapping[str, str]
) -> Line:
    title, act = TITLES[domain]
    mine = [age for age in ages or () if age.domain == domain]
    verdict, word, detail = Verdict.NOT_KNOWN, "not known", ""
    if ages is None or domain not in known or not mine:
        detail = _why_not(domain, known, seen=ages is not None)
    else:
        verdict, word, detail = _judged(mine, names)
    stale = [age.stale_at for age in mine if age.state is Age.STALE]
    read = [age.last_success for age in mine if age.last_success is not None]
    return Line(
        check=title,
        expected=_expected(domain, known),
        verdict=verdict,
        word=word,
        detail=detail,
        since=min(stale or read, default=None),
        act=act,
        sync=domain if domain in known else "",
        path="/sync",
    )


def _judged(mine: Sequence[Freshness], names: Mapping[str, str]) -> tuple[Verdict, str, str]:
    stale = [names.get(age.tenant, age.tenant) for age in mine if age.state is Age.STALE]
    if stale:
        return Verdict.FAIL, "stale", f"{len(stale)} of {len(mine)} tenants: {_names(stale)}"
    never = [names.get(age.tenant, age.tenant) for age in mine if age.state is Age.NEVER]
    if never:
        words = f"not read yet of {len(never)} of {len(mine)} tenants: {_names(never)}"
        return Verdict.NOT_KNOWN, "not known", words
    return Verdict.PASS, "current", f"of {len(mine)} of {len(mine)} tenants"


def _why_not(domain: str, known: Policies, *, seen: bool) -> str:
    if not seen:
        return "you need sync:read to know"
    return "nothing is connected" if domain in known else "this installation does not read it"


def _expected(domain: str, known: Policies) -> str:
    if domain not in known:
        return "Last updated lately"
    within = known[domain].stale_after
    if within < timedelta(hours=1):
        return f"Last updated < {within / timedelta(minutes=1):.3g} minutes ago"
    return f"Last updated < {within / timedelta(hours=1):.3g} hours ago"


def _alerts(work: Work) -> Line:
    firing = _allowed(lambda: alerts.active(work))
    critical = [a for a in firing or () if a.sign.severity is Severity.CRITICAL]
    known = firing is not None
    return Line(
        check="No critical alerts",
        expected="Alert count = 0",
        verdict=(Verdict.FAIL if critical else Verdict.PASS) if known else Verdict.NOT_KNOWN,
        word=(f"{len(critical)} critical" if critical else "none") if known else "not known",
        detail=_names([a.sign.title for a in critical])
        or (f"{len(firing or ())} of less severity fire" if known else "you need alerts:read"),
        since=min((a.starts_at for a in critical), default=None),
        act="Investigate alerts",
        path="/alerts",
    )


def _tenants(found: Sequence[TenantStanding] | None, names: Mapping[str, str]) -> Line:
    bad = [one for one in found or () if one.standing is Standing.UNHEALTHY]
    unread = [
        names.get(one.tenant, one.tenant)
        for one in found or ()
        if one.standing is Standing.NOT_KNOWN
    ]
    verdict, word, detail = Verdict.PASS, "healthy", f"all of {len(found or ())} tenants"
    if not found:
        why = "you need sync:read to know" if found is None else "nothing is connected"
        verdict, word, detail = Verdict.NOT_KNOWN, "not known", why
    elif bad:
        said = [f"{names.get(one.tenant, one.tenant)} ({', '.join(one.failing)})" for one in bad]
        verdict, word, detail = Verdict.FAIL, "not healthy", _names(said)
    elif unread:
        verdict, word, detail = Verdict.NOT_KNOWN, "not known", f"not all read: {_names(unread)}"
    return Line(
        check="All tenants responding",
        expected='All tenants show "healthy"',
        verdict=verdict,
        word=word,
        detail=detail,
        act="Check tenant connectivity",
        path="/tenants",
    )


def _names(found: Sequence[str]) -> str:
    rest = len(found) - NAMED
    return ", ".join(found[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _allowed(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except MissingPermission:
        return None
