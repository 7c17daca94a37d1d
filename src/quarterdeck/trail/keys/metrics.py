"""What the KMS was asked, and how long it took."""

from prometheus_client import Counter, Histogram

ASKED = Counter(
    "quarterdeck_kms_requests_total",
    "Times that the KMS was asked to wrap or unwrap the key of the key folder.",
    ["verb", "outcome"],
)
SECONDS = Histogram(
    "quarterdeck_kms_request_seconds",
    "How long the KMS took, tries included.",
    ["verb"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30),
)
