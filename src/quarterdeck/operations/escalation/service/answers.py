"""How long it took until somebody answered, counted."""

from prometheus_client import Histogram

ANSWERED = Histogram(
    "quarterdeck_page_acknowledge_seconds",
    "From a page's opening until somebody acknowledged it, by severity.",
    ["severity"],
    buckets=(30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400),
)
