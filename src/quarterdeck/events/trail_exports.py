"""What left the trail: exports."""

from dataclasses import dataclass
from typing import Any, ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequested(Event):
    """Somebody asked for records ``first`` to ``end``, as far as ``filter`` fits them."""

    action: ClassVar[str] = "exports:create"
    about: ClassVar[str] = "export"
    public: ClassVar[frozenset[str]] = frozenset(
        {"export", "form", "first", "end", "complete", "disclose"}
    )
    export: str
    form: str
    first: int
    end: int
    complete: bool
    disclose: bool
    filter: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFinished(Event):
    """An export's file was written. ``disclosed``: committed fields that it shows."""

    action: ClassVar[str] = "exports:finish"
    about: ClassVar[str] = "export"
    public: ClassVar[frozenset[str]] = frozenset(
        {"export", "sha256", "records", "withheld", "disclosed"}
    )
    export: str
    sha256: str
    records: int
    withheld: int
    disclosed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCancelled(Event):
    """An export was stopped before it was done."""

    action: ClassVar[str] = "exports:cancel"
    about: ClassVar[str] = "export"
    public: ClassVar[frozenset[str]] = frozenset({"export"})
    export: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportDownloaded(Event):
    """An export's file was handed out."""

    action: ClassVar[str] = "exports:download"
    about: ClassVar[str] = "export"
    public: ClassVar[frozenset[str]] = frozenset({"export", "sha256"})
    export: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAdded(Event):
    """Records of the tenant go out to an address from now on."""

    action: ClassVar[str] = "webhooks:add"
    about: ClassVar[str] = "webhook"
    public: ClassVar[frozenset[str]] = frozenset({"webhook"})
    webhook: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChanged(Event):
    """A webhook was ``paused``, ``resumed``, ``rotated`` or ``tested``; or its receiver is gone."""

    action: ClassVar[str] = "webhooks:change"
    about: ClassVar[str] = "webhook"
    public: ClassVar[frozenset[str]] = frozenset({"webhook", "how"})
    webhook: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRemoved(Event):
    """Nothing is sent by the webhook any more."""

    action: ClassVar[str] = "webhooks:remove"
    about: ClassVar[str] = "webhook"
    public: ClassVar[frozenset[str]] = frozenset({"webhook"})
    webhook: str
