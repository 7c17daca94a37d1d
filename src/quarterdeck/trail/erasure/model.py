"""An erasure: who asked, who agreed, and the certificate of what was done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound

FORMAT = "quarterdeck-erasure/v1"
MAX_SUBJECT, MAX_WORDS = 400, 2000


class ErasureNotFound(NotFound):
    """No such erasure."""


class ErasureInvalid(Invalid):
    """The request does not say whose data, or why."""


class SubjectUnknown(NotFound):
    """No record has a field that is about this subject."""


class ErasureDecided(Conflict):
    """The erasure was decided already."""


class AnotherMustApprove(Conflict):
    """Whoever asked for an erasure cannot approve it as well."""


class State(StrEnum):
    """Where an erasure is."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One request.

    Attributes:
        subject: whose data; empty once it is done.
        tag: the same for the same subject of a tenant; tells nobody who it is.
        detail: why it was refused.
        certificate: the signed note; empty until it is done.
        keys, records: destroyed keys, and records of which fields cannot be read any more.
    """

    id: str
    tenant: str
    subject: str
    tag: str
    reason: str
    state: State
    requested_by: str
    requested_at: int
    approved_by: str = ""
    approved_at: int | None = None
    done_at: int | None = None
    keys: int = 0
    records: int = 0
    detail: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """What an erasure could not reach.

    Attributes:
        until: RFC 3339, from when on it is gone too; None: nobody can say, or never.
    """

    what: str
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What is signed of an erasure. A signed note (c2sp.org/signed-note) of two lines."""

    origin: str
    erasure: str
    subject_tag: str
    keys: Sequence[str]
    records: int
    requested_by: str
    approved_by: str
    erased_at: str
    not_reached: Sequence[Unreached]

    @property
    def text(self) -> str:
        """The note's text."""
        fields: Mapping[str, Any] = {
            "approved_by": self.approved_by,
            "erased_at": self.erased_at,
            "erasure": self.erasure,
            "keys": sorted(self.keys),
            "not_reached": [{"until": one.until, "what": one.what} for one in self.not_reached],
            "origin": self.origin,
            "records": self.records,
            "requested_by": self.requested_by,
            "subject_tag": self.subject_tag,
        }
        return f"{FORMAT}\n{json.dumps(fields, sort_keys=True, separators=(',', ':'))}\n"


def keys_in(certificate: str) -> list[str]:
    """The ids of the keys that a certificate says were destroyed."""
    keys: list[str] = json.loads(certificate.split("\n")[1])["keys"]
    return keys


def subject_of(text: str) -> str:
    """``text`` without the space around it; raise ErasureInvalid if it can name no subject."""
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_SUBJECT or ":" not in stripped:
        raise ErasureInvalid("a subject is written type:id, as user:u-1, in at most 400 letters")
    return stripped


def words(text: str) -> str:
    """``text`` without the space around it; raise ErasureInvalid if empty, or too long."""
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_WORDS:
        raise ErasureInvalid(f"a reason is needed, in 1 to {MAX_WORDS} letters")
    return stripped
