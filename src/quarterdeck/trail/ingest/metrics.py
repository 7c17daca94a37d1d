"""What ingest counts."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter(
    "quarterdeck_ingest_events_total",
    "Events that came: appended, duplicate or refused.",
    ["result"],
)
REFUSED = Counter(
    "quarterdeck_ingest_refused_total", "Events that were refused, by reason.", ["reason"]
)
SECONDS = Histogram(
    "quarterdeck_ingest_seconds",
    "Time from a request being read whole until its events were durable.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
WAITING = Gauge("quarterdeck_ingest_waiting_events", "Events taken in that are not durable yet.")
SKEWED = Counter(
    "quarterdeck_ingest_skewed_total",
    "Events whose source's clock differs from ours by more than five minutes.",
)
LIMITED = Counter("quarterdeck_ingest_limited_total", "Requests refused by a tenant's ingest rate.")
APPENDED, DUPLICATES = EVENTS.labels("appended"), EVENTS.labels("duplicate")
