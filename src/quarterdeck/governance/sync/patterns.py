"""Patterns in the failures of late (runbook 000, section 3.2). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from quarterdeck.governance.cloud.ports import FailureClass
from quarterdeck.governance.sync.model import Policies, Run, RunState

BAD_SECRETS = ("AADSTS7000215", "AADSTS7000222")
"""A wrong, and an expired, client secret; Microsoft's list of Entra error codes."""

OFTEN = 2
"""Failures of one class within the time looked at that are no accident."""


class Name(StrEnum):
    """What the runbook calls a pattern."""

    AUTHENTICATION = "authentication"
    RATE_LIMITING = "rate limiting"
    TIMEOUT = "timeout"


ADVICE = {
    Name.AUTHENTICATION: "Rotate the credential that the runs name, then sync again.",
    Name.RATE_LIMITING: "Sync less often (quarterdeck sync policy), and see that nothing else "
    "asks the cloud with the same credential.",
    Name.TIMEOUT: "Look at the cloud's status page, then at the network from here to it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Failures of one tenant that have one cause.

    Attributes:
        signs: what it was recognised by.
        runs: how many show it.
    """

    name: Name
    tenant: str
    domains: tuple[str, ...]
    signs: tuple[str, ...]
    runs: int
    advice: str


def found(runs: Iterable[Run], known: Policies) -> list[Pattern]:
    """The patterns in ``runs``, which are newest first, tenant by tenant."""
    tenants: defaultdict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.state is not RunState.RUNNING:
            tenants[run.tenant].append(run)
    return [
        pattern
        for tenant in sorted(tenants)
        for pattern in (
            _authentication(tenant, tenants[tenant]),
            _rate_limiting(tenant, tenants[tenant]),
            _timeout(tenant, tenants[tenant], known),
        )
        if pattern is not None
    ]


def _authentication(tenant: str, runs: Sequence[Run]) -> Pattern | None:
    failed = _of(runs, FailureClass.AUTHENTICATION)
    codes = sorted({code for code in BAD_SECRETS for run in failed if code in run.error})
    latest = {run.domain: run for run in reversed(runs)}
    all_fail = all(run.failure == FailureClass.AUTHENTICATION for run in latest.values())
    signs = [f"{code}: the client secret is refused" for code in codes]
    if all_fail and failed:
        signs.append(f"all jobs fail at the same time: {', '.join(sorted(latest))}")
    return _pattern(Name.AUTHENTICATION, tenant, failed, signs)


def _rate_limiting(tenant: str, runs: Sequence[Run]) -> Pattern | None:
    limited = _of(runs, FailureClass.RATE_LIMIT)
    signs = []
    if len(limited) >= OFTEN:
        signs.append(f"{len(limited)} runs were limited (429 Too Many Requests)")
    if limited and any(run.whole for run in runs):
        signs.append("failures come and go: other runs succeeded")
    half = len(runs) // 2
    if len(_of(runs[:half], FailureClass.RATE_LIMIT)) > len(
        _of(runs[half:], FailureClass.RATE_LIMIT)
    ):
        signs.append("failures grow: more of the newer runs are limited than of the older")
    return _pattern(Name.RATE_LIMITING, tenant, limited, signs)


def _timeout(tenant: str, runs: Sequence[Run], known: Policies) -> Pattern | None:
    late = _of(runs, FailureClass.TIMEOUT)
    signs = []
    if len(late) >= OFTEN:
        signs.append(f"{len(late)} runs timed out")
    if any(run.state is RunState.PARTIAL for run in late):
        signs.append("some of the data was updated, some was not")
    slow = [run for run in runs if _slow(run, known)]
    if late and slow:
        signs.append(f"{len(slow)} runs took longer than they usually do")
    return _pattern(Name.TIMEOUT, tenant, late, signs)


def _of(runs: Sequence[Run], kind: FailureClass) -> list[Run]:
    return [run for run in runs if run.failure == kind]


def _slow(run: Run, known: Policies) -> bool:
    kept = known.get(run.domain)
    return kept is not None and run.duration is not None and run.duration > kept.expected[1]


def _pattern(name: Name, tenant: str, runs: Sequence[Run], signs: list[str]) -> Pattern | None:
    if not runs or not signs:
        return None
    return Pattern(
        name=name,
        tenant=tenant,
        domains=tuple(sorted({run.domain for run in runs})),
        signs=tuple(signs),
        runs=len(runs),
        advice=ADVICE[name],
    )
