"""The ladder of who has none of their own: SEV-1 to SEV-4 of runbook 004, topic 9."""

from quarterdeck.operations.severities.model import (
    Example,
    Flag,
    Kind,
    Ladder,
    Notice,
    Severity,
    Task,
)

FIRST = (
    Task(text="Say that you are on it: acknowledge"),
    Task(text="Look at what changed in the 30 minutes before"),
    Task(text="Say how bad it is: severity, services, tenants, impact"),
    Task(text="Open the runbook of the alert, and follow it"),
    Task(text="Ask for help: whoever knows the service, and the next level"),
    Task(text="Tell those who wait: when the next update comes"),
)
"""The initial response (004, L183 names it and leaves it open: these steps are ours)."""

SECURITY = (
    Task(text="Page the security team", within_min=15),
    Task(text="Open the war room of the security incident", within_min=15),
    Task(text="Freeze all deployments", within_min=15),
    Task(text="Capture evidence: logs, metrics, network traffic", within_min=15),
    Task(text="Isolate affected systems", within_min=15),
    Task(text="Revoke compromised credentials", within_min=15),
    Task(text="Notify CISO and Legal", within_min=15),
    Task(text="Begin the forensic investigation", within_min=15),
)
"""004, L741."""

SEVERITIES = (
    Severity(
        name="SEV-1",
        title="Critical",
        definition="Complete service outage or data integrity compromise",
        aliases=("P1", "critical"),
        respond_min=5,
        resolve_min=4 * 60,
        priority="urgent",
        assignee=True,
        war_room_min=0,
        update_min=15,
        notice=Notice.CUSTOMERS,
        freeze=True,
    ),
    Severity(
        name="SEV-2",
        title="High",
        definition="Significant degradation affecting multiple tenants",
        aliases=("P2", "high"),
        respond_min=15,
        resolve_min=8 * 60,
        priority="high",
        assignee=True,
        war_room_min=30,
        update_min=30,
        notice=Notice.CUSTOMERS,
        notice_min=60,
    ),
    Severity(
        name="SEV-3",
        title="Medium",
        definition="Minor degradation affecting few tenants",
        aliases=("P3", "medium"),
        respond_min=60,
        resolve_min=24 * 60,
        priority="normal",
        assignee=True,
        notice=Notice.INTERNAL,
    ),
    Severity(
        name="SEV-4",
        title="Low",
        definition="No user impact, informational",
        aliases=("P4", "low"),
        resolve_min=7 * 24 * 60,
        priority="backlog",
    ),
)
IMPACTS = {
    "outage": "Nothing of it works, for anybody",
    "many": "Several tenants notice",
    "few": "One tenant notices, or a few",
    "none": "Nobody notices yet",
}
URGENCIES = {
    "high": "It gets worse, or will soon hurt",
    "normal": "It stays as it is",
    "low": "It is contained, and a workaround is in place",
}
MATRIX = {
    "outage": {"high": "SEV-1", "normal": "SEV-1", "low": "SEV-2"},
    "many": {"high": "SEV-2", "normal": "SEV-2", "low": "SEV-3"},
    "few": {"high": "SEV-3", "normal": "SEV-3", "low": "SEV-3"},
    "none": {"high": "SEV-2", "normal": "SEV-4", "low": "SEV-4"},
}
FLAGS = {
    Flag.INTEGRITY: "SEV-1",
    Flag.SECURITY: "SEV-1",
    Flag.DATA_LOSS: "SEV-1",
    Flag.TENANT_LEAK: "SEV-1",
    Flag.COMPLIANCE: "SEV-1",
    Flag.MAJOR_OUTAGE: "SEV-1",
}

_SAID: tuple[tuple[str, str, str, str, tuple[Flag, ...]], ...] = (
    ("All services down: no ingestion, no queries", "SEV-1", "outage", "high", ()),
    ("Data corruption detected", "SEV-1", "many", "high", (Flag.INTEGRITY,)),
    ("Security breach: unauthorized access", "SEV-1", "few", "high", (Flag.SECURITY,)),
    ("Multi-tenant data leakage", "SEV-1", "many", "high", (Flag.TENANT_LEAK,)),
    ("Compliance violation: GDPR, HIPAA, SOC 2", "SEV-1", "none", "normal", (Flag.COMPLIANCE,)),
    ("Single service degraded: high latency, errors", "SEV-2", "many", "normal", ()),
    ("Projection lag above 30 s: query results stale", "SEV-2", "many", "high", ()),
    ("Export service down, ingestion well", "SEV-2", "many", "normal", ()),
    ("Certificate expires within 7 days", "SEV-2", "none", "high", ()),
    ("Key rotation overdue", "SEV-2", "none", "high", ()),
    ("A single tenant has trouble", "SEV-3", "few", "high", ()),
    ("More than 100 dead letters", "SEV-3", "few", "normal", ()),
    ("Slow queries of one endpoint", "SEV-3", "few", "normal", ()),
    ("Cache misses elevated", "SEV-3", "few", "low", ()),
    ("A background job that is not critical fails", "SEV-3", "few", "low", ()),
    ("Warning thresholds breached", "SEV-4", "none", "normal", ()),
    ("Alerts of capacity planning", "SEV-4", "none", "normal", ()),
    ("Reminders of maintenance", "SEV-4", "none", "low", ()),
    ("Configuration drift", "SEV-4", "none", "normal", ()),
)
"""004, L293-352: each example, where it stands in the matrix."""

KINDS = (
    Kind(name="outage", title="Service outage", severity="SEV-1", checklist=FIRST),
    Kind(name="performance", title="Performance degradation", severity="SEV-2", checklist=FIRST),
    Kind(
        name="security",
        title="Security incident",
        severity="SEV-1",
        flags=(Flag.SECURITY,),
        checklist=SECURITY,
    ),
)

LADDER = Ladder(
    severities=SEVERITIES,
    impacts=IMPACTS,
    urgencies=URGENCIES,
    matrix=MATRIX,
    flags=FLAGS,
    examples=tuple(
        Example(text=text, severity=severity, impact=impact, urgency=urgency, flags=flags)
        for text, severity, impact, urgency, flags in _SAID
    ),
    kinds=KINDS,
)
