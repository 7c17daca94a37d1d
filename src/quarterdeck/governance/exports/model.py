"""Exports that are kept: what is written, how often, and how many files stay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.tabular import Format

SHORTEST, LONGEST = timedelta(minutes=15), timedelta(days=366)
MOST_KEPT = 1000
MAX_NAME = 200


class UnusableExport(Invalid):
    """An export that cannot be repeated; the message says what to change."""


class ExportNotFound(NotFound):
    """No such export, or no such file of one."""


class ExportExists(Conflict):
    """The tenant has an export of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Something of a tenant's estate, written to a file again and again.

    Attributes:
        what: the name of a source: ``resources``.
        wanted: the filter, by the names that the list's address has.
        kept: so many files stay; the oldest makes room for the next.
    """

    id: str
    tenant: TenantId
    name: str
    what: str
    wanted: Mapping[str, str]
    form: Format
    every: timedelta
    kept: int
    created_at: datetime
    created_by: str

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= MAX_NAME:
            raise UnusableExport(f"an export needs a name of 1 to {MAX_NAME} characters")
        if not SHORTEST <= self.every <= LONGEST:
            raise UnusableExport("an export is repeated every 15 minutes to 366 days")
        if not 1 <= self.kept <= MOST_KEPT:
            raise UnusableExport(f"1 to {MOST_KEPT} files are kept, not {self.kept}")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file that an export wrote.

    Attributes:
        id: that of the job that wrote it; the file's name without its ending.
        digest: SHA-256 of its bytes, hex: what the log says it was.
    """

    id: str
    export: str
    tenant: TenantId
    form: Format
    at: datetime
    rows: int
    size_bytes: int
    digest: str

    @property
    def name(self) -> str:
        """Of the file, in the folder of its export."""
        return f"{self.id}.{self.form}"
