"""What continuous verification has looked at, and what did not hold."""

from prometheus_client import Counter

RECORDS = Counter(
    "quarterdeck_integrity_records_total",
    "Records whose proofs were checked, each as often as it was.",
)
DAMAGE = Counter(
    "quarterdeck_integrity_damage_total",
    "Proofs of records that did not hold, each as often as it was found.",
)
SEGMENTS = Counter(
    "quarterdeck_integrity_segments_total",
    "Sealed segments whose hash chain, tree and signature were checked.",
)
DAMAGED = Counter("quarterdeck_integrity_segments_damaged_total", "Of those: that did not verify.")
