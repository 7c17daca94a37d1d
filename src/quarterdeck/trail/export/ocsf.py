"""Records as OCSF events, schema 1.3.0 (schema.ocsf.io): API Activity and Account Change.

Numbers and required attributes are those of ocsf-schema's ``events/application/api_activity``,
``events/iam/account_change`` and ``objects/user``.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from quarterdeck.kernel.clock import micros
from quarterdeck.trail.log.model import RecordView

VERSION = "1.3.0"
APPLICATION, API_ACTIVITY = 6, 6003
IDENTITY, ACCOUNT_CHANGE = 3, 3001
OTHER = 99
SUCCESS, FAILURE = 1, 2
INFORMATIONAL, LOW = 1, 2
ACCOUNTS = {
    "principals:create": 1,
    "principals:disable": 5,
    "grants:create": 7,
    "grants:revoke": 8,
}
"""``activity_id`` of Account Change: Create, Disable, Attach Policy, Detach Policy."""

VERBS = {
    **dict.fromkeys(("create", "add", "issue", "place", "request"), 1),
    **dict.fromkeys(("read", "get", "list", "disclose", "download", "view"), 2),
    **dict.fromkeys(("update", "change", "set", "put", "rename", "rotate"), 3),
    **dict.fromkeys(("delete", "remove", "revoke", "purge", "archive"), 4),
}
"""``activity_id`` of API Activity: Create, Read, Update, Delete."""


def ocsf(view: RecordView) -> dict[str, Any]:
    """A record as an OCSF event; its own members go whole into ``unmapped``."""
    record: Mapping[str, Any] = view.record
    action = str(record["action"])
    account = ACCOUNTS.get(action)
    category, cls = (IDENTITY, ACCOUNT_CHANGE) if account else (APPLICATION, API_ACTIVITY)
    activity = account or VERBS.get(action.rpartition(":")[2], OTHER)
    succeeded = record["outcome"] == "success"
    actor, about = record["actor"], record["resource"]
    event: dict[str, Any] = {
        "metadata": _metadata(view),
        "category_uid": category,
        "class_uid": cls,
        "activity_id": activity,
        "type_uid": cls * 100 + activity,
        "time": micros(datetime.fromisoformat(record["occurred_at"])) // 1000,
        "severity_id": INFORMATIONAL if succeeded else LOW,
        "status_id": SUCCESS if succeeded else FAILURE,
        "status": record["outcome"],
        "actor": {"user": {"uid": actor["id"], "type": actor["type"], "type_id": OTHER}},
        "api": {"operation": action, "service": {"name": record["source"]}},
        "src_endpoint": {"svc_name": record["source"]},
        "unmapped": {"record": record, "payload": view.payload},
    }
    if activity == OTHER:
        event["activity_name"] = action
    if account:
        event["user"] = {"uid": about["id"], "type": about["type"], "type_id": OTHER}
    else:
        event["resources"] = [{"uid": about["id"], "type": about["type"]}]
    return event


def _metadata(view: RecordView) -> dict[str, Any]:
    record = view.record
    found = {
        "version": VERSION,
        "product": {"name": "Quarterdeck", "vendor_name": "Quarterdeck"},
        "uid": record["id"],
        "tenant_uid": record["tenant"],
        "sequence": view.index,
        "logged_time": micros(datetime.fromisoformat(record["received_at"])) // 1000,
        "correlation_uid": record["correlation"]["trace"],
        "labels": [f"leaf_hash:{b64encode(view.leaf_hash).decode()}"],
    }
    return {name: value for name, value in found.items() if value is not None}
