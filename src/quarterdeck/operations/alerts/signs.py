"""Which facts begin an alert, and which end it (runbook 000, section 2.4). Pure."""

from collections.abc import Callable

from quarterdeck.kernel.outbox import Fact
from quarterdeck.operations.alerts.model import Severity, Sign

FAILURE, STALLED, ERRORS = "sync_failure", "sync_stalled", "high_error_rate"
UNREADABLE = "sync_unreadable"
TYPES = (FAILURE, STALLED, ERRORS, UNREADABLE)

ENDS = {
    "SyncRecovered": FAILURE,
    "SyncResumed": STALLED,
    "SyncErrorRateNormal": ERRORS,
    "SyncItemsReadable": UNREADABLE,
}
"""By the name of the fact: the type of alert that it ends."""


def key(kind: str, tenant: str, domain: str) -> str:
    """What an alert about a domain of a tenant is known by."""
    return f"{kind}/{tenant}/{domain}"


def begun(fact: Fact) -> Sign | None:
    """What ``fact`` is a sign of, if of anything."""
    read = BEGINS.get(fact.name)
    return read(fact) if read else None


def ended(fact: Fact) -> str | None:
    """The key of the alert that ``fact`` ends, if any."""
    kind = ENDS.get(fact.name)
    return key(kind, fact.tenant, fact.payload["domain"]) if kind else None


def _failure(fact: Fact) -> Sign:
    said = fact.payload
    refused = said["failure"] == "authentication"
    what = "failed" if said["state"] == "failed" else "was done in part"
    return _sign(
        fact,
        FAILURE,
        Severity.CRITICAL if refused else Severity.WARNING,
        f"Sync of {said['domain']} {what}: {said['failure'].replace('_', ' ')}",
        error=said.get("error", ""),
        action=said.get("recommended", ""),
        run=said["run"],
    )


def _stall(fact: Fact) -> Sign:
    since = fact.payload["last_success"]
    return _sign(
        fact,
        STALLED,
        Severity.CRITICAL,
        f"Sync of {fact.payload['domain']} stalled",
        error=f"last success {since}" if since else "it never succeeded",
        action="See whether a worker runs (quarterdeck status), then why its runs fail "
        "(quarterdeck sync runs).",
    )


def _rate(fact: Fact) -> Sign:
    said = fact.payload
    return _sign(
        fact,
        ERRORS,
        Severity.WARNING,
        f"More than 10 % of the syncs of {said['domain']} fail",
        error=f"{said['failed']} of {said['ended']} runs within an hour failed",
        action="Look for a pattern in the failures: quarterdeck sync patterns.",
    )


def _unreadable(fact: Fact) -> Sign:
    said = fact.payload
    return _sign(
        fact,
        UNREADABLE,
        Severity.WARNING,
        f"{said['unread']} of {said['seen']} items of {said['domain']} cannot be read",
        error=said["error"],
        action=said["recommended"],
        run=said["run"],
    )


def _sign(fact: Fact, kind: str, severity: Severity, title: str, **annotations: str) -> Sign:
    domain = fact.payload["domain"]
    return Sign(
        key=key(kind, fact.tenant, domain),
        tenant=fact.tenant,
        type=kind,
        severity=severity,
        title=title,
        labels={"alertname": kind, "tenant": fact.tenant, "domain": domain},
        annotations={name: words for name, words in annotations.items() if words},
    )


BEGINS: dict[str, Callable[[Fact], Sign]] = {
    "SyncFailed": _failure,
    "SyncStalled": _stall,
    "SyncErrorRateHigh": _rate,
    "SyncItemsUnreadable": _unreadable,
}
"""By the name of the fact: what it is a sign of."""
