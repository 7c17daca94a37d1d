"""How telling receivers ended, counted."""

from prometheus_client import Counter

NOTIFIED = Counter(
    "quarterdeck_notifications_total",
    "Attempts to tell a receiver; and what was dropped, for there was nothing to tell any more.",
    ["outcome"],
)
