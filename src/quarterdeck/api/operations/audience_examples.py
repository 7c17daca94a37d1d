"""Examples of requests: who is told of incidents, and in which words."""

from typing import Any

_UPDATE = {"text": "Half of it is back.", "audiences": ["engineering"]}

AUDIENCES: dict[str, Any] = {
    "put_audience": {
        "title": "Engineering",
        "subject": "${incident} ${status}: ${symptom}",
        "text": "${update}\n\nSince ${began}, commander ${commander}, cause ${cause}.",
        "channels": ["shop-incidents"],
        "severities": ["SEV-1"],
    },
    "post_incident_update": _UPDATE,
    "preview_incident_update": _UPDATE,
}
