"""Which facts begin an alert, and which end it (runbook 000, section 2.4; services). Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from quarterdeck.kernel.outbox import Fact
from quarterdeck.operations.alerts.model import Severity, Sign

FAILURE, STALLED, ERRORS = "sync_failure", "sync_stalled", "high_error_rate"
UNREADABLE = "sync_unreadable"
SERVICE = "service_health"
BURN = "slo_burn"
BUDGET = "budget_exceeded"
REMOVED = "ServiceRemoved"
SPENDING = (BUDGET,)
"""Alerts that are about what the estate costs, not about how it is read or does."""

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
    if fact.name in KEYS:
        return KEYS[fact.name](fact)
    kind = ENDS.get(fact.name)
    return key(kind, fact.tenant, fact.payload["domain"]) if kind else None


def removed(fact: Fact) -> dict[str, str]:
    """The labels of the service that ``fact`` removed, with it all that fires about it."""
    if fact.name != REMOVED:
        return {}
    return {name: fact.payload[name] for name in ("environment", "service")}


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


def _service_key(fact: Fact) -> str:
    said = fact.payload
    place = f"{said['environment']}/{said['service']}/{said['region']}"
    return f"{SERVICE}/{fact.tenant}/{place}"


def _service(severity: Severity, what: str) -> Callable[[Fact], Sign]:
    def sign(fact: Fact) -> Sign:
        said = fact.payload
        names = ("environment", "service", "region")
        labels = {name: said[name] for name in names if said[name]}
        annotations = {"error": said["reason"], "because_of": said["because_of"]}
        return Sign(
            key=_service_key(fact),
            tenant=fact.tenant,
            type=SERVICE,
            severity=severity,
            title=f"{said['service']}{_where(said)} {what}"[:500],
            labels={"alertname": SERVICE, "tenant": fact.tenant, **labels},
            annotations={name: words for name, words in annotations.items() if words},
        )

    return sign


def _where(said: Mapping[str, Any]) -> str:
    """`` in production, eu-west``: the same service stands in several places."""
    places = ", ".join(said[name] for name in ("environment", "region") if said[name])
    return f" in {places}" if places else ""


def _burn_key(fact: Fact) -> str:
    said = fact.payload
    return f"{BURN}/{fact.tenant}/{said['slo']}/{said['objective']}/{said['rule']}"


def _burn(fact: Fact) -> Sign:
    """A rate that pages is critical; one that calls for a ticket is a warning."""
    said = fact.payload
    names = ("slo", "objective", "service", "environment", "rule")
    labels = {name: said[name] for name in names if said[name]}
    return Sign(
        key=_burn_key(fact),
        tenant=fact.tenant,
        type=BURN,
        severity=Severity.CRITICAL if said["severity"] == "page" else Severity.WARNING,
        title=f"Error budget of {said['slo']} burns: {said['rule']}"[:500],
        labels={"alertname": BURN, "tenant": fact.tenant, **labels},
        annotations={"summary": said["reason"]},
    )


def _budget_key(fact: Fact) -> str:
    return f"{BUDGET}/{fact.tenant}/{fact.payload['budget']}"


def _budget(fact: Fact) -> Sign:
    said = fact.payload
    labels = {"budget": said["name"], "subscription": said["subscription"]}
    return Sign(
        key=_budget_key(fact),
        tenant=fact.tenant,
        type=BUDGET,
        severity=Severity.CRITICAL,
        title=f"Budget {said['name']} is exceeded: {said['percent']} % spent"[:500],
        labels={"alertname": BUDGET, "tenant": fact.tenant, **labels},
        annotations={
            "summary": f"{said['spent']} of {said['amount']} {said['currency']}",
            "action": "See what drives it: quarterdeck cost list, or the page Costs.",
        },
    )


BEGINS: dict[str, Callable[[Fact], Sign]] = {
    "SyncFailed": _failure,
    "SyncStalled": _stall,
    "SyncErrorRateHigh": _rate,
    "SyncItemsUnreadable": _unreadable,
    "SloBurning": _burn,
    "BudgetExceeded": _budget,
    "ServiceWentDown": _service(Severity.CRITICAL, "is down"),
    "ServiceDegraded": _service(Severity.WARNING, "does its work impaired"),
    "ServiceLostFromSight": _service(Severity.WARNING, "is out of sight"),
}
"""By the name of the fact: what it is a sign of."""

KEYS: dict[str, Callable[[Fact], str]] = {
    "ServiceCameBack": _service_key,
    "SloBurnEased": _burn_key,
    "BudgetHeld": _budget_key,
}
"""By the name of the fact: the key of the alert that it ends."""

HEARD = {*BEGINS, *ENDS, *KEYS, REMOVED}
