"""An export: what is asked for, by whom, and what became of it. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from quarterdeck.trail.log.model import RecordView
from quarterdeck.trail.policy.model import Treatment
from quarterdeck.trail.query.model import Filter

BUNDLE_FORMAT = "quarterdeck-export/1"


class TrailExportNotFound(NotFound):
    """No such export, or it has no file yet."""


class ExportInvalid(Invalid):
    """The export cannot be asked for so."""


class ExportEnded(Conflict):
    """The export has ended; nothing is left to stop."""


class ExportBeyondYou(Forbidden):
    """Whoever asked for the export may see more than the actor may."""


class ExportsUnavailable(Unavailable):
    """The export's file is not where this process could give it out."""


class Form(StrEnum):
    """How records are written. Only a bundle bears its own proof."""

    BUNDLE = "bundle"
    NDJSON = "ndjson"
    CSV = "csv"
    CLOUDEVENTS = "cloudevents"
    OCSF = "ocsf"


SUFFIXES = {
    Form.BUNDLE: "zip",
    Form.NDJSON: "ndjson",
    Form.CSV: "csv",
    Form.CLOUDEVENTS: "cloudevents.ndjson",
    Form.OCSF: "ocsf.ndjson",
}
MEDIA_TYPES = {
    Form.BUNDLE: "application/zip",
    Form.NDJSON: "application/x-ndjson",
    Form.CSV: "text/csv; charset=utf-8",
    Form.CLOUDEVENTS: "application/x-ndjson",
    Form.OCSF: "application/x-ndjson",
}


class State(StrEnum):
    """Where an export is. ``failed``: its job gave up; its detail says why."""

    ASKED = "asked"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is to be exported.

    Attributes:
        first, end: records from ``first`` on, before ``end``; None: all that are proven.
        complete: every record of the range, with hashes alone for what may not be read, so
            that a missing one shows. Goes with no filter.
        disclose: with the committed fields that can still be shown.
    """

    tenant: str
    form: Form = Form.BUNDLE
    first: int = 0
    end: int | None = None
    complete: bool = True
    wanted: Filter = field(default_factory=Filter)
    disclose: bool = False

    def __post_init__(self) -> None:
        if self.complete and not self.wanted.empty:
            raise ExportInvalid("a complete export has no filter: name a range by first and end")
        if self.wanted.words:
            raise ExportInvalid("an export is not searched by words: every other filter works")
        if self.disclose and self.form is not Form.BUNDLE:
            raise ExportInvalid("committed fields go into bundles alone: they prove them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export, from the moment it was asked for.

    Attributes:
        end: the index after the last.
        treatments: how the requester was shown fields of each class, then.
        note: the checkpoint that the bundle leads to.
        policy: digest of the classification that held.
        enclosed: reports that a bundle bears, JSON; empty: none.
        at, finished_at: microseconds since 1970.
        sha256: of the file, hexadecimal; empty before it is done.
        withheld: of ``records``, those that bear their hash alone.
    """

    id: str
    tenant: str
    form: Form
    first: int
    end: int
    complete: bool
    wanted: Filter
    disclose: bool
    requester: str
    treatments: Mapping[str, str]
    policy: str
    size: int
    note: bytes
    at: int
    enclosed: str = ""
    job: str = ""
    state: State = State.ASKED
    detail: str = ""
    looked_at: int = 0
    sha256: str = ""
    size_bytes: int = 0
    records: int = 0
    withheld: int = 0
    disclosed: int = 0
    finished_at: int | None = None

    def treat(self, cls: str) -> Treatment:
        """How a field of a class is shown in it."""
        return Treatment(self.treatments.get(cls, Treatment.HIDE))

    @property
    def asked_at(self) -> datetime:
        """When it was asked for."""
        return instant(self.at)

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.id}.{SUFFIXES[self.form]}"

    @property
    def filter(self) -> dict[str, Any] | None:
        """What was asked for beyond the range; None: everything in it."""
        given = {k: v for k, v in asdict(self.wanted).items() if v not in ("", None)}
        return given or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """A record that belongs into an export.

    Attributes:
        entry: as it stands in the log; None where the requester may not read all of it.
        purged: the purge record that says why the entry is gone; None: it is not.
        view: as the requester may see it; None where it was removed, or is no record.
        disclosures: their texts.
    """

    index: int
    hash: bytes
    entry: str | None = None
    view: RecordView | None = None
    disclosures: tuple[str, ...] = ()
    purged: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written."""

    records: int
    withheld: int = 0
    disclosed: int = 0
