"""An example request for each operation; a test sends them all, and fails where one is missing."""

from typing import Any

from quarterdeck.api.operations.audience_examples import AUDIENCES

_ID = "01a1effd-c11f-7972-beed-8fe9aadfdd"

PARAMETERS: dict[str, Any] = {
    "tenant": "contoso",
    "permission": "resources:read",
    "connection": f"{_ID}01",
    "principal": f"{_ID}02",
    "grant": f"{_ID}03",
    "token": f"{_ID}04",
    "session": f"{_ID}05",
    "resource": f"{_ID}06",
    "run": f"{_ID}07",
    "job": f"{_ID}08",
    "item": "approval",
    "alert": 123,
    "metric": "quarterdeck_http_requests_total",
    "selector": 'quarterdeck_http_requests_total{service="query"}',
    "domain": "resources",
    "export": f"{_ID}10",
    "file": f"{_ID}11",
    "view": f"{_ID}12",
    "index": 0,
    "old": 1,
    "new": 2,
    "level": "0",
    "segment": "contoso-000000",
    "investigation": f"{_ID}0a",
    "hold": f"{_ID}0b",
    "erasure": f"{_ID}0c",
    "asset": "start.js",
    "consumer": "projection-worker",
    "queue": "projection-queue",
    "topic": "audit.appended.v1",
    "message": f"{_ID}09",
    "replay": f"{_ID}14",
    "name": "TenantNotFound",
    "state": f"{_ID}15",
    "check": f"{_ID}13",
    "group": "rg",
    "programme": "riverside",
    "requirement": "owners-named",
    "policy_kind": "classification",
    "projection": "timeline",
    "webhook": f"{_ID}16",
    "environment": "prod",
    "service": "web",
    "stage": "ready",
    "window": f"{_ID}17",
    "freeze": f"{_ID}18",
    "schedule": "primary",
    "handoff": f"{_ID}24",
    "contact": "database",
    "audience": "engineering",
    "card": "critical-incident",
    "slug": "contoso-shop",
    "component": "checkout",
    "post_id": f"{_ID}20",
    "subscriber": f"{_ID}21",
    "policy": "incidents",
    "page": f"{_ID}1f",
    "channel": "shop-incidents",
    "message_id": f"{_ID}1e",
    "about": "database",
    "incident": "INC-2026-000123",
    "role": "ic",
    "number": 1,
    "regulator": "GDPR",
    "impact": "many",
    "urgency": "high",
    "override": f"{_ID}1c",
    "swap": f"{_ID}1d",
    "person": "ada@contoso.example",
    "slo": "availability",
    "kind": "SLO",
    "silence": f"{_ID}1b",
    "rule": "high-cpu-usage",
    "from": "2026-02-01T00:00:00Z",
    "to": "2026-03-01T00:00:00Z",
}
"""Of parameters that must be given, by their names."""

BUNDLE = "000.p/17"
"""The first bundle, or tile, of a log with 17 entries."""

OTHERWISE: dict[tuple[str, str], Any] = {
    ("remove_slo_object", "name"): "availability",
    ("offboard_tenant", "tenant"): "fabrikam-directory-id",
    ("remove_environment", "environment"): "retired",
    ("log_entries", "index"): BUNDLE,
    ("log_tile", "index"): BUNDLE,
}
"""Where the same name means something else: by operation and parameter."""

_DIRECTORY = {
    "name": "Fabrikam production",
    "tenant_id": "fabrikam-directory-id",
    "client_id": "application-id",
    "client_secret_ref": "env:FABRIKAM_SECRET",
}
_EVENT = {
    "occurred_at": "2026-02-28T12:00:00Z",
    "actor": {"type": "user", "id": "u-1"},
    "action": "orders:create",
    "resource": {"type": "order", "id": "o-1"},
    "payload": {"amount": "12.50"},
}
_ALERTS = [
    {
        "labels": {"alertname": "HighLatency", "service": "checkout", "severity": "critical"},
        "annotations": {"summary": "Half of all requests take longer than 2 s"},
        "startsAt": "2026-02-28T12:00:00Z",
    }
]
_SILENCE = {
    "matchers": [{"name": "service", "value": "checkout", "isRegex": False, "isEqual": True}],
    "startsAt": "2026-02-28T12:00:00Z",
    "endsAt": "2099-02-28T14:00:00Z",
    "createdBy": "ada@contoso.example",
    "comment": "its database is moved tonight",
}
_ROUTING = """\
route:
  receiver: team
  group_by: [alertname, service]
  routes:
    - matchers: [severity="critical"]
      receiver: pager
      group_wait: 0s
receivers:
  - name: team
    webhook_configs: [{url: "https://hooks.contoso.example/team"}]
  - name: pager
    webhook_configs: [{url: "https://hooks.contoso.example/pager"}]
"""
_ONCALL = """\
zone: Europe/Berlin
layers:
  - name: week
    people: [ada@contoso.example, bob@contoso.example]
    start: 2026-01-05
    rotation: {unit: weeks, at: "09:00", weekday: monday}
"""
_ESCALATION = """\
description: On-call, then whoever plans shifts
acknowledged_holds: 4h
levels:
  - name: L1
    targets: [schedule primary]
    notify_at: 0
    engage_at: 0
    repeat_every: 5m
    repeat_most: 2
  - name: L2
    targets: [mail ada@contoso.example]
    engage_at: {SEV-1: 30m, SEV-2: 1h}
decide:
  ask: Can customers buy?
  answers: {yes: none, no: L1}
"""
_SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: availability, displayName: Availability}
spec:
  service: web
  indicator:
    metadata: {name: up}
    spec:
      thresholdMetric:
        metricSource: {type: Quarterdeck, spec: {query: quarterdeck_service_up}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{op: gte, value: 1, target: 0.999, timeSliceTarget: 1, timeSliceWindow: 1m}]
"""
_PACK = {
    "files": {
        "pack.yaml": "pack: acme\ntitle: Acme\nsource: our own\nversion: '1'\n",
        "tenants.yaml": "kind: tenant\nname: acme\nspec: {name: Acme}\n",
    }
}

_FOCUS = (
    "BilledCost,EffectiveCost,BillingCurrency,ChargePeriodStart,ServiceName,SubAccountId\n"
    "12.50,11.25,EUR,2026-02-01T00:00:00Z,Storage,another-subscription\n"
)

_RULE = {
    "threshold": {"of": "CpuPercentage", "is": ">", "value": 90},
    "for": "PT5M",
    "severity": "critical",
    "runbook": "https://wiki.example/cpu",
}
_RULES = """{"alertRules": [{"name": "high-cpu-usage", "threshold": 80, "window": "PT5M",
  "action": {"type": "email", "recipients": ["ops@example.com"]}}]}"""

BOUNCE = f"""\
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com

Final-Recipient: rfc822; ada@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 no such user

--part
Content-Type: text/rfc822-headers

Message-ID: <{_ID}1e@quarterdeck.example>

--part--
"""

BODIES: dict[str, Any] = {
    "create_tenant": {**_DIRECTORY, "owner": "Retail", "purpose": "Shops"},
    "create_connection": {**_DIRECTORY, "tenant_id": "second-directory-id"},
    "change_tenant": {"name": "Contoso", "owner": "Platform team"},
    "set_limit": {"per_minute": 600, "burst": 100},
    "add_principal": {"kind": "person", "name": "Ada Lovelace", "email": "ada@contoso.example"},
    "give_role": {"principal": PARAMETERS["principal"], "role": "sre", "tenant": "contoso"},
    "create_token": {
        "principal": PARAMETERS["principal"],
        "name": "nightly export",
        "permissions": ["resources:read"],
        "tenants": ["contoso"],
    },
    "schedule_export": {
        "tenant": "contoso",
        "name": "everything, nightly",
        "what": "resources",
        "filter": {"tag": "env=prod"},
        "format": "csv",
        "every_s": 86_400,
        "kept": 7,
    },
    "save_view": {"page": "/resources", "name": "production", "query": "tag=env%3Dprod"},
    "rotate_token": {"overlap_s": 3600},
    "import_costs": _FOCUS,
    "change_sync_policy": {"interval_seconds": 7200},
    "backfill_costs": {"start_date": "2024-01-01", "end_date": "2024-12-31"},
    "push_alerts": _ALERTS,
    "push_alerts_of": _ALERTS,
    "post_silences": _SILENCE,
    "post_silences_of": _SILENCE,
    "acknowledge_alerts": {"ids": [123], "by": "Ada"},
    "unacknowledge_alerts": {"ids": [123]},
    "resolve_alerts": {"types": ["sync_failure"], "by": "operator@company.com"},
    "reopen_alerts": {"ids": [123]},
    "acknowledge_alert_event": {"acknowledged_by": "Ada"},
    "acknowledge_triggered": {"acknowledged_by": "Ada"},
    "add_silence": {
        "tenant": "contoso",
        "matchers": ["service=checkout", "severity=~warning|info"],
        "duration_s": 3600,
        "comment": "its database is moved tonight",
    },
    "preview_silence": {"tenant": "contoso", "matchers": ["service=checkout"]},
    "import_alert_rules": {"text": _RULES, "why": "the rules of runbook 003"},
    "install_alert_catalogue": {"why": "as runbook 004 has it"},
    "apply_alert_rule": {"rule": _RULE, "why": "80 was too often"},
    "try_written_rule": {"rule": {"name": "high-cpu-usage", **_RULE}},
    "roll_back_alert_rule": {"version": 1, "why": "90 was too late"},
    "record_alert_rule_baseline": {"from": "2026-01-14T12:00:00Z", "to": "2026-01-14T13:00:00Z"},
    "enable_alert_rule": {"why": "the migration is over"},
    "disable_alert_rule": {"why": "a migration"},
    "apply_routing": {"text": _ROUTING},
    "check_routing": {"text": _ROUTING},
    "test_routing": {"labels": {"severity": "critical", "service": "checkout"}, "text": _ROUTING},
    "resolve_alert": {"resolved_by": "operator@company.com"},
    "record_samples": {
        "samples": [{"metric": "CpuPercentage", "labels": {"resource": "web-1"}, "value": 41.5}]
    },
    "record_exposition": "# EOF\n",
    "remote_write": "\0",  # a snappy block of an empty message
    "record_onboarding": {"state": "done", "evidence": "mail of the administrator"},
    "put_classification": {
        "document": {"rules": [{"path": "/payload/amount", "class": "public"}]},
        "sample": _EVENT,
    },
    "put_redaction": {"document": {"roles": {"auditor": {"restricted": "mask"}}}},
    "put_retention": {"document": {"classes": {"standard": {"days": 365}}}},
    "put_residency": {"document": {"storage": ["eu-north-1"], "sources": ["eu-north-1"]}},
    "put_approvals": {"document": {"hold_release": True, "erasure": True}},
    "place_hold": {
        "tenant": "contoso",
        "covers": "subject",
        "value": "user:u-1",
        "reason": "a lawsuit",
    },
    "release_hold": {"reason": "the lawsuit ended"},
    "keep_hold": {"reason": "the lawsuit goes on"},
    "request_erasure": {"tenant": "contoso", "subject": "user:u-9", "reason": "asked by letter"},
    "decline_erasure": {"reason": "the law asks us to keep it"},
    "purge_records": {"tenant": "contoso"},
    "put_ingest_rate": {"events_per_s": 500, "burst": 2000},
    "ingest_events": _EVENT,
    "ingest_events_of": _EVENT,
    "ingest_logs": {"resourceLogs": []},
    "ingest_logs_of": {"resourceLogs": []},
    "report_bounce": {"report": BOUNCE},
    "receive_dead_letters": {"consumer": "projection-worker", "max_message_count": 1},
    "classify_dead_letter": {"kind": "transient"},
    "quarantine_dead_letter": {"reason": "forged: its source was revoked last week"},
    "replay_dead_letters": {
        "consumer": "projection-worker",
        "filter": "reason=DeliveryCountExceeded",
        "max_count": 10,
        "confirm": True,
    },
    "rehearse_replay": {"consumer": "projection-worker", "message_id": f"{_ID}09"},
    "try_record": {"consumer": "projection-worker", "log": "contoso", "index": 0, "entry": "e30="},
    "pause_consumer": {"reason": "its database is moved tonight"},
    "rebuild_projection": {"tenant": "contoso", "dry_run": True},
    "freeze_trail": {"reason": "tamper-investigation"},
    "unfreeze_trail": {
        "outcome": "false-positive",
        "root_cause": "the disk was read while it was replaced",
    },
    "rotate_signing_key": {"overlap_s": 2_592_000},
    "create_trail_export": {"tenant": "contoso", "format": "bundle"},
    "create_evidence": {
        "tenant": "contoso",
        "framework": "soc2",
        "from": "2026-02-01T00:00:00Z",
        "to": "2026-03-01T00:00:00Z",
    },
    "add_webhook": {"tenant": "contoso", "url": "https://siem.contoso.example/hook"},
    "rotate_webhook": {"overlap_s": 86400},
    "put_service": {
        "title": "Web shop",
        "base_url": "http://127.0.0.1:8080",
        "open": True,
        "depends_on": ["database"],
        "probes": [{"name": "ready", "kind": "http", "target": "/health/ready"}],
    },
    "put_environment": {
        "title": "Production",
        "facts": {"cluster": "contoso-prod-aks", "nodes": 3},
        "links": [{"title": "Dashboards", "url": "https://grafana.contoso.example"}],
    },
    "enable_maintenance": {"reason": "Scheduled maintenance", "duration_minutes": 60},
    "record_change": {
        "kind": "deploy",
        "title": "Web shop 2.4.1",
        "environment": "prod",
        "service": "web",
        "version": "2.4.1",
    },
    "freeze_changes": {"reason": "error budget spent", "level": "features"},
    "query_logs": {
        "query": "requests | where timestamp > ago(1h) "
        "| summarize P95=percentile(duration,95) by bin(timestamp,5m)"
    },
    "apply_oncall_schedule": {"text": _ONCALL, "why": "the team of this year"},
    "roll_back_oncall_schedule": {"version": 1},
    "add_oncall_override": {
        "person": "bob@contoso.example",
        "start": "2099-01-05T12:00:00Z",
        "end": "2099-01-06T12:00:00Z",
        "why": "a concert",
    },
    "ask_oncall_swap": {
        "person": "bob@contoso.example",
        "gives": {"start": "2099-01-07T12:00:00Z", "end": "2099-01-08T12:00:00Z"},
        "other": "ada@contoso.example",
        "takes": {"start": "2099-01-14T12:00:00Z", "end": "2099-01-15T12:00:00Z"},
    },
    "leave_oncall_handoff": {"text": "Disk 3 is slow; the vendor calls back at noon."},
    "apply_escalation_policy": {"text": _ESCALATION, "why": "as the runbook has it"},
    "roll_back_escalation_policy": {"version": 1},
    "walk_escalation_decision": {"answers": ["yes"]},
    "open_page": {
        "tenant": "contoso",
        "policy": "incidents",
        "title": "Checkout answers nobody",
        "severity": "SEV-1",
        "flags": ["customer-impact"],
    },
    "acknowledge_page": {"eta_min": 15},
    "resolve_page": {},
    "change_page": {"severity": "SEV-2", "why": "a workaround is in place"},
    "declare_incident": {
        "tenant": "contoso",
        "symptom": "High Latency",
        "severity": "SEV-2",
        "service": "web",
        "region": "US-East",
        "tenants": ["contoso"],
    },
    "describe_incident": {
        "impact": {"partial": True, "users": "Answers take 2 s instead of 500 ms"},
        "root_cause": ["Database connection pool exhausted"],
        "temporary": "Pool raised to 200 connections",
    },
    "acknowledge_incident": {"note": "Investigating. ETA: 15 min"},
    "declare_incident_from_alert": {"severity": "SEV-2"},
    "reopen_incident": {"why": "the errors are back"},
    "advance_incident": {"to": "triage"},
    "change_incident_severity": {"severity": "SEV-3", "why": "contained, a workaround in place"},
    "assign_incident_role": {"person": "ada@contoso.example"},
    "append_to_incident": {"kind": "finding", "text": "The pool of connections is exhausted"},
    "add_incident_action": {"text": "Alert at 80 % of the pool", "owner": "ada@contoso.example"},
    "tick_incident_action": {"done": True},
    "tick_incident_task": {"done": True, "note": "nothing was changed"},
    "approve_incident_notice": {"note": "by Legal, case 17"},
    "notify_incident_customers": {"text": "Answers are slow; we are working on it."},
    "tell_incident_regulator": {"note": "by the form of the authority"},
    "write_incident_postmortem": {
        "summary": "A batch import took all connections of the pool.",
        "well": "It was seen within two minutes.",
        "badly": "The pool was never sized for a peak.",
        "runbook": "Database recovery names the pool now.",
    },
    "put_channel": {
        "kind": "slack",
        "place": "#shop-incidents",
        "mention": True,
        "secret": "https://hooks.slack.com/services/T000/B000/XXXX",
    },
    "put_methods": {
        "ways": [{"by": "mail", "name": "ada@contoso.example"}],
        "quiet": {"zone": "Europe/Oslo", "begins": "22:00", "ends": "07:00"},
    },
    "put_status_page": {
        "slug": "contoso-shop",
        "title": "Contoso",
        "support": "mailto:help@contoso.example",
    },
    "publish_status_page": {"published": True},
    "put_status_component": {
        "title": "Checkout",
        "group": "Shop",
        "environment": "prod",
        "service": "web",
    },
    "set_status_component": {"status": "partial_outage"},
    "post_status": {
        "title": "Checkout is slow",
        "text": "Some orders take a minute. We are looking into it.",
        "impact": "minor",
        "affected": {"checkout": "degraded_performance"},
    },
    "update_status_post": {"text": "The cause is found.", "stage": "identified"},
    **AUDIENCES,
    "put_card": {
        "title": "Critical incident",
        "use": "At SEV-1",
        "severities": ["SEV-1"],
        "steps": [
            {"text": "Acknowledge the page within 5 minutes"},
            {"text": "Look at the services", "url": "https://ops.example.com"},
            {"text": "Roll the release back", "command": "helm rollback shop -n shop-system"},
        ],
    },
    "put_contact": {
        "title": "Database experts",
        "section": "expert",
        "channels": [{"means": "chat", "address": "#shop-database"}],
        "topics": ["database"],
    },
    "apply_slo_objects": {"text": _SLO},
    "preview_slo_objects": {"text": _SLO},
    "check_health": {"environment": "installation"},
    "decide_job": {"step": "delete", "outcome": {"deleted": 3}},
    "check_compliance": {"tenant": "contoso", "framework": "baseline"},
    "scan_compliance": {"tenant": "contoso", "framework": "baseline"},
    "run_scan": {"tenant": "contoso"},
    "record_programme_evidence": {
        "state": "met",
        "link": "https://wiki.example.com/owners",
        "note": "Each subscription has an owner.",
    },
    "diff_pack": _PACK,
    "lint_pack": _PACK,
    "apply_pack": _PACK,
}
"""By operation."""


def illustrate(operation: dict[str, Any]) -> None:
    """Put its examples into an operation of the document."""
    name = operation["operationId"]
    for parameter in operation.get("parameters", ()):
        example = OTHERWISE.get((name, parameter["name"]), PARAMETERS.get(parameter["name"]))
        if parameter["required"] and example is not None:
            parameter["example"] = example
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if name in BODIES:
            content["example"] = BODIES[name]
