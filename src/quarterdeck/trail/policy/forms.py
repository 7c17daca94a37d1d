"""The forms of policies, by kind."""

from collections.abc import Mapping

from quarterdeck.trail.policy.keeping import Approvals, Residency, Retention
from quarterdeck.trail.policy.model import Classification, IngestRate, Kind, Redaction

Form = (
    type[Classification]
    | type[Redaction]
    | type[IngestRate]
    | type[Retention]
    | type[Residency]
    | type[Approvals]
)
FORMS: Mapping[Kind, Form] = {
    Kind.CLASSIFICATION: Classification,
    Kind.REDACTION: Redaction,
    Kind.INGEST_RATE: IngestRate,
    Kind.RETENTION: Retention,
    Kind.RESIDENCY: Residency,
    Kind.APPROVALS: Approvals,
}
