"""Policies about what stands: how long it is kept, where it may stand, and who must agree."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from quarterdeck.trail.policy.model import NAME, PolicyInvalid, check_members

MAX_DAYS = 36_500
REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
REGION_PATH = "/payload/region"


class Purge(StrEnum):
    """When what is due is removed: each day by itself, or when somebody says so."""

    BY_HAND = "by-hand"
    DAILY = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long records are kept, by retention class; a class without a line is kept for ever.

    Attributes:
        days: by class, 1 to 36,500, from when the server received a record.
        backups_days: after which no backup holds what was erased, 0 to 36,500.
    """

    days: Mapping[str, int] = field(default_factory=dict)
    backups_days: int = 35
    purge: Purge = Purge.BY_HAND

    def keep(self, cls: str) -> timedelta | None:
        """How long a record of the class is kept; None: for ever."""
        found = self.days.get(cls)
        return None if found is None else timedelta(days=found)

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "backups_days": self.backups_days,
            "classes": {cls: {"days": days} for cls, days in sorted(self.days.items())},
            "purge": str(self.purge),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Retention":
        """Read a document; raise PolicyInvalid, saying where, if it is none."""
        check_members(document, {"classes", "backups_days", "purge"}, "retention")
        given = document.get("classes", {})
        if not isinstance(given, dict):
            raise PolicyInvalid("classes is an object: days by retention class")
        days = {str(name): _days(f"classes.{name}", one) for name, one in given.items()}
        if wrong := [name for name in days if not NAME.fullmatch(name)]:
            raise PolicyInvalid(f"{wrong[0][:40]!r}: a retention class is a short name")
        backups = _number("backups_days", document.get("backups_days", 35), 0)
        if (purge := document.get("purge", Purge.BY_HAND)) not in [*Purge]:
            raise PolicyInvalid(f"purge is one of: {', '.join(Purge)}")
        return cls(days=days, backups_days=backups, purge=Purge(purge))


@dataclass(frozen=True, slots=True, kw_only=True)
class Residency:
    """In which regions a tenant's records may stand, and from which they may come.

    No region named: anywhere.

    Attributes:
        path: of the payload's field that names the region a record came from.
        regions_of: region by source, where the payload does not say.
    """

    storage: Sequence[str] = ()
    sources: Sequence[str] = ()
    path: str = REGION_PATH
    regions_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "path": self.path,
            "regions_of": dict(sorted(self.regions_of.items())),
            "sources": sorted(self.sources),
            "storage": sorted(self.storage),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Residency":
        """Read a document; raise PolicyInvalid, saying where, if it is none."""
        check_members(document, {"storage", "sources", "path", "regions_of"}, "residency")
        path, of = document.get("path", REGION_PATH), document.get("regions_of", {})
        if not isinstance(path, str) or not path.startswith("/payload/"):
            raise PolicyInvalid("path names a field below /payload/")
        if not isinstance(of, dict):
            raise PolicyInvalid("regions_of is an object: region by source")
        return cls(
            storage=_regions("storage", document.get("storage", [])),
            sources=_regions("sources", document.get("sources", [])),
            path=path,
            regions_of=dict(zip(map(str, of), _regions("regions_of", [*of.values()]), strict=True)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """What a second person must agree to."""

    hold_release: bool = True
    erasure: bool = True

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"erasure": self.erasure, "hold_release": self.hold_release}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Approvals":
        """Read a document; raise PolicyInvalid if it is none."""
        check_members(document, {"hold_release", "erasure"}, "approvals")
        if not all(isinstance(value, bool) for value in document.values()):
            raise PolicyInvalid("hold_release and erasure are true or false")
        return cls(**document)


def _days(place: str, given: object) -> int:
    if not isinstance(given, dict):
        raise PolicyInvalid(f"{place} is an object with days")
    check_members(given, {"days"}, place)
    return _number(f"{place}.days", given.get("days"), 1)


def _number(place: str, given: object, least: int) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= MAX_DAYS:
        raise PolicyInvalid(f"{place} is {least} to {MAX_DAYS} days")
    return given


def _regions(place: str, given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(
        isinstance(one, str) and REGION.fullmatch(one) for one in given
    ):
        raise PolicyInvalid(f"{place}: regions are short names in lower case, as eu-north-1")
    return tuple(given)
