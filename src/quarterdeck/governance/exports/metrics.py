"""What exports say in numbers, from the database: as true when no worker lives."""

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import Gauge

from quarterdeck.governance.exports.model import Export, File
from quarterdeck.kernel.clock import since

AGE = Gauge(
    "quarterdeck_export_age_seconds",
    "Age of an export's newest file; of the export, where it has none.",
    ["tenant", "name"],
)
OVERDUE = Gauge("quarterdeck_exports_overdue", "Exports without a file for twice their interval.")
ROWS = Gauge("quarterdeck_export_rows", "Rows of an export's newest file.", ["tenant", "name"])
BYTES = Gauge("quarterdeck_export_bytes", "Size of an export's newest file.", ["tenant", "name"])


def show(newest: Sequence[tuple[Export, File | None]], now: datetime) -> None:
    """Show each export's newest file, and how many exports have fallen behind."""
    for gauge in (AGE, ROWS, BYTES):
        gauge.clear()
    overdue = 0
    for export, file in newest:
        age = since(now, file.at if file else export.created_at)
        overdue += age > 2 * export.every
        AGE.labels(export.tenant, export.name).set(age.total_seconds())
        if file is not None:
            ROWS.labels(export.tenant, export.name).set(file.rows)
            BYTES.labels(export.tenant, export.name).set(file.size_bytes)
    OVERDUE.set(overdue)
