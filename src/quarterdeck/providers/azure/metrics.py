"""What the client says of itself."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "quarterdeck_cloud_requests_total", "Requests to the cloud, by their answer.", ["api", "status"]
)
SECONDS = Histogram(
    "quarterdeck_cloud_request_seconds",
    "Time of requests to the cloud.",
    ["api"],
    buckets=(0.05, 0.2, 0.5, 1, 2, 5, 15, 60),
)
WAITED = Counter(
    "quarterdeck_cloud_waited_seconds_total",
    "Seconds that calls stood still: for a quota, or before another try.",
    ["api", "reason"],
)
CIRCUITS_OPEN = Gauge(
    "quarterdeck_cloud_circuits_open", "Credentials for which an API is not asked.", ["api"]
)
