"""Records for other programs: NDJSON, CSV, CloudEvents, OCSF. As the requester may see them."""

import csv
import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

from quarterdeck.trail.export.model import Form, Picked, Written
from quarterdeck.trail.export.ocsf import ocsf
from quarterdeck.trail.log.model import RecordView

FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    *("index", "leaf_hash", "id", "occurred_at", "received_at", "source", "source_seq"),
    *("actor_type", "actor_id", "action", "resource_type", "resource_id", "outcome", "decision"),
    *("trace", "request", "causation", "payload", "changes"),
)


def write(out: IO[bytes], form: Form, records: Iterable[Picked]) -> Written:
    """Write records in ``form``, not a bundle; those that cannot be shown are left out."""
    written = 0
    if form is Form.CSV:
        out.write(_cells(COLUMNS))
    row = ROWS[form]
    for view in _views(records):
        out.write(row(view))
        written += 1
    return Written(records=written)


def _views(records: Iterable[Picked]) -> Iterator[RecordView]:
    return (one.view for one in records if one.view is not None)


def _ndjson(view: RecordView) -> bytes:
    return _line(
        {
            "index": view.index,
            "leaf_hash": b64encode(view.leaf_hash).decode(),
            "record": view.record,
            "payload": view.payload,
            "hidden": view.hidden,
        }
    )


def _csv(view: RecordView) -> bytes:
    r: Mapping[str, Any] = view.record
    flat = {
        **r,
        "index": view.index,
        "leaf_hash": b64encode(view.leaf_hash).decode(),
        "actor_type": r["actor"]["type"],
        "actor_id": r["actor"]["id"],
        "resource_type": r["resource"]["type"],
        "resource_id": r["resource"]["id"],
        **r["correlation"],
    }
    return _cells(_safe(flat[name]) for name in COLUMNS)


def _safe(value: object) -> object:
    """What a spreadsheet would take for a formula bears an apostrophe (OWASP, CSV Injection)."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _cells(cells: Iterable[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)  # lines end as RFC 4180 says
    return text.getvalue().encode()


def cloud_event(view: RecordView) -> dict[str, Any]:
    """A record as a CloudEvent 1.0; what it has no attribute for are extensions."""
    r: Mapping[str, Any] = view.record
    extensions = {
        "tenant": r["tenant"],
        "actortype": r["actor"]["type"],
        "actorid": r["actor"]["id"],
        "outcome": r["outcome"],
        "leafindex": str(view.index),  # its Integer has 32 bits
        "leafhash": b64encode(view.leaf_hash).decode(),
        "traceid": r["correlation"]["trace"],
    }
    return {
        "specversion": "1.0",
        "id": r["id"],
        "source": f"/sources/{r['source']}",
        "type": r["action"],
        "subject": f"{r['resource']['type']}/{r['resource']['id']}",
        "time": r["occurred_at"],
        "datacontenttype": "application/json",
        "data": view.payload,
        **{name: value for name, value in extensions.items() if value},
    }


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


ROWS: Mapping[Form, Callable[[RecordView], bytes]] = {
    Form.NDJSON: _ndjson,
    Form.CSV: _csv,
    Form.CLOUDEVENTS: lambda view: _line(cloud_event(view)),
    Form.OCSF: lambda view: _line(ocsf(view)),
}
