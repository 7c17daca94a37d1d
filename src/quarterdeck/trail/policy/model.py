"""Policies of the trail: classification, redaction, and the rate of ingest."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.trail.log.canonical import canonical
from quarterdeck.trail.log.disclosure import base64url
from quarterdeck.trail.log.record import Class

KEYS = "secret.keys"
"""The class of what no log may hold: an event that has it is refused."""

CLASSES = frozenset({*map(str, Class), KEYS})
STANDARD = "standard"
"""The retention class of what no rule gives one."""

STRICTEST = Class.HEALTH
MAX_RULES, MAX_GLOB = 500, 200
REGEX = "re:"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")

# A repeated group, or many repeats, can take for ever on a text made for it.
REPEATED_GROUP = re.compile(r"\)[*+{]")
REPEAT = re.compile(r"(?<!\\)[*+{]")
STARS = re.compile(r"\*+")
MAX_REPEATS = 3


class PolicyInvalid(Invalid):
    """The policy breaks a rule of its kind."""


class TrailPolicyMovedOn(Conflict):
    """Someone else changed the policy first; read it again."""


class NoSuchPolicy(NotFound):
    """There is no such policy, or no such version of it."""


class Kind(StrEnum):
    """What a policy is about."""

    CLASSIFICATION = "classification"
    REDACTION = "redaction"
    INGEST_RATE = "ingest-rate"
    RETENTION = "retention"
    RESIDENCY = "residency"
    APPROVALS = "approvals"


class Treatment(StrEnum):
    """How a field is shown to a reader, from the least on."""

    HIDE = "hide"
    MASK = "mask"
    SHOW = "show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a classification. The first that matches decides.

    Attributes:
        action, resource: globs on the event's action and its resource's type.
        path: glob on a field's path (``/payload/customer/*``, ``**`` for any depth), or
            ``re:`` and a regular expression for all of it; it covers what is below too.
            Empty: the rule gives the record its retention class.
        cls: of what ``path`` names.
        subject: whom such a field is about: ``actor``, ``resource``, or the path of the
            payload's field that names them.
    """

    action: str = "*"
    resource: str = "*"
    path: str = ""
    cls: str = ""
    subject: str = "actor"
    retention: str = ""

    def __post_init__(self) -> None:
        if bool(self.path) != bool(self.cls) or not (self.cls or self.retention):
            raise PolicyInvalid("a rule has path and class, or retention")
        if self.cls and self.cls not in CLASSES:
            raise PolicyInvalid(
                f"no class {self.cls[:40]!r}; there are {', '.join(sorted(CLASSES))}"
            )
        if self.retention and not NAME.fullmatch(self.retention):
            raise PolicyInvalid("a retention class is a short name in lower case")
        if self.subject not in ("actor", "resource") and not self.subject.startswith("/payload/"):
            raise PolicyInvalid("subject is actor, resource, or a path below /payload/")
        if max(map(len, (self.action, self.resource, self.path, self.subject))) > MAX_GLOB:
            raise PolicyInvalid(f"a pattern has at most {MAX_GLOB} characters")
        _check_path(self.path)
        for pattern in (self.action, self.resource, *self.path.split("/")):
            if not self.path.startswith(REGEX) and len(STARS.findall(pattern)) > MAX_REPEATS:
                raise PolicyInvalid(f"{pattern}: at most {MAX_REPEATS} stars in one name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Which field is how secret: rules in order, then the class of what none of them names."""

    rules: tuple[Rule, ...] = ()
    default: str = Class.RESTRICTED

    def __post_init__(self) -> None:
        if len(self.rules) > MAX_RULES:
            raise PolicyInvalid(f"a classification has at most {MAX_RULES} rules")
        if self.default not in CLASSES - {KEYS, Class.PUBLIC}:
            raise PolicyInvalid("default is internal, restricted, secret.pi or secret.phi")

    @property
    def document(self) -> dict[str, Any]:
        """As JSON; every member written out."""
        return {
            "default": str(self.default),
            "rules": [
                {
                    "action": r.action,
                    "class": str(r.cls),
                    "path": r.path,
                    "resource": r.resource,
                    "retention": r.retention,
                    "subject": r.subject,
                }
                for r in self.rules
            ],
        }

    @property
    def digest(self) -> str:
        """What a record's ``policy`` says: the digest of these rules."""
        return digest_of(self.document)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Classification":
        """Read a document; raise PolicyInvalid, saying where, if it is none."""
        check_members(document, {"rules", "default"}, "classification")
        given = document.get("rules", [])
        if not isinstance(given, list):
            raise PolicyInvalid("rules is a list")
        rules = tuple(_rule(f"rules[{at}]", one) for at, one in enumerate(given))
        return cls(rules=rules, default=str(document.get("default", Class.RESTRICTED)))

    def before(self, other: "Classification") -> "Classification":
        """These rules, then ``other``'s."""
        return Classification(rules=(*self.rules, *other.rules)[:MAX_RULES], default=self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """How fields of a class are shown to who holds a role; several roles: the most of them.

    What no line names is shown if it is public, and else hidden.
    """

    lines: Mapping[tuple[str, str], Treatment] = field(default_factory=dict)

    def treatment(self, roles: Sequence[str], cls: str) -> Treatment:
        """How a field of class ``cls`` is shown to who holds ``roles``."""
        order = list(Treatment)
        told = [self.lines[(r, cls)] for r in roles if (r, cls) in self.lines]
        if told:
            return max(told, key=order.index)
        return Treatment.SHOW if cls == Class.PUBLIC else Treatment.HIDE

    @property
    def document(self) -> dict[str, Any]:
        """As JSON: treatment by class by role."""
        found: dict[str, dict[str, str]] = {}
        for (role, cls), treatment in sorted(self.lines.items()):
            found.setdefault(role, {})[cls] = str(treatment)
        return {"roles": found}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Redaction":
        """Read a document; raise PolicyInvalid if it is none."""
        check_members(document, {"roles"}, "redaction")
        lines: dict[tuple[str, str], Treatment] = {}
        for role, told in dict(document.get("roles", {})).items():
            if not isinstance(told, dict):
                raise PolicyInvalid(f"roles.{role} is an object: treatment by class")
            for name, treatment in told.items():
                if name not in CLASSES - {KEYS} or treatment not in list(Treatment):
                    raise PolicyInvalid(f"roles.{role}: expected a class, and hide, mask or show")
                lines[(str(role), str(name))] = Treatment(treatment)
        return cls(lines=lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestRate:
    """So many events a second in the long run, and at most ``burst`` at once."""

    events_per_s: float
    burst: int

    def __post_init__(self) -> None:
        if not 0 < self.events_per_s <= 1_000_000 or not 1 <= self.burst <= 10_000_000:  # noqa: PLR2004
            raise PolicyInvalid("events_per_s is up to 1,000,000, burst 1 to 10,000,000")

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"burst": self.burst, "events_per_s": str(self.events_per_s)}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "IngestRate":
        """Read a document; raise PolicyInvalid if it is none."""
        check_members(document, {"events_per_s", "burst"}, "ingest-rate")
        try:
            per_s = float(document["events_per_s"])
            return cls(events_per_s=per_s, burst=int(document.get("burst", max(1, per_s))))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise PolicyInvalid("expected the numbers events_per_s and burst") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a tenant's policy; ``_platform``'s holds for every tenant.

    Attributes:
        at: microseconds since 1970.
        by: the principal's id.
        index: of its leaf in the tenant's log, from which it holds; None: not there yet.
    """

    tenant: str
    kind: Kind
    version: int
    document: Mapping[str, Any]
    digest: str
    at: int
    by: str
    index: int | None = None

    @property
    def holds(self) -> bool:
        """A classification holds from its own leaf on, any other from the commit on."""
        return self.kind is not Kind.CLASSIFICATION or self.index is not None


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form, base64url."""
    return base64url(sha256(canonical(document)).digest())


def _rule(place: str, given: object) -> Rule:
    if not isinstance(given, dict):
        raise PolicyInvalid(f"{place} is an object")
    check_members(given, {"action", "resource", "path", "class", "subject", "retention"}, place)
    if not all(isinstance(value, str) for value in given.values()):
        raise PolicyInvalid(f"{place}: every member is text")
    try:
        return Rule(**{"cls" if name == "class" else name: v for name, v in given.items()})
    except PolicyInvalid as error:
        raise PolicyInvalid(f"{place}: {error}") from error


def check_members(given: Mapping[str, Any], known: set[str], place: str) -> None:
    """Raise PolicyInvalid where ``given`` has a member that is not ``known``."""
    if unknown := sorted(map(str, given.keys() - known)):
        raise PolicyInvalid(
            f"{place}: no {unknown[0][:40]!r}; there are {', '.join(sorted(known))}"
        )


def _check_path(path: str) -> None:
    if not path.startswith(REGEX):
        if path and not path.startswith(("/payload", "/changes")):
            raise PolicyInvalid("path begins with /payload or /changes")
        return
    pattern = path.removeprefix(REGEX)
    if REPEATED_GROUP.search(pattern) or len(REPEAT.findall(pattern)) > MAX_REPEATS:
        raise PolicyInvalid(f"{path}: no repeated group, and at most {MAX_REPEATS} repeats")
    try:
        re.compile(pattern)
    except re.error as error:
        raise PolicyInvalid(f"{path} is no regular expression: {error}") from error
