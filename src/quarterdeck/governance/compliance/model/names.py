"""What people call policies, policy sets and assignments. Pure.

A policy state names them by id, which is a GUID for all that are built in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from quarterdeck.governance.compliance.model.item import inner, opened, word
from quarterdeck.governance.compliance.model.state import PolicyState
from quarterdeck.kernel.ids import TenantId

MAX_TITLE = 400
KNOWN_FOR = timedelta(days=7)
UNKNOWN_FOR = timedelta(days=1)
"""After which a name that is known, or could not be had, is asked for again."""

ASKABLE = re.compile(
    r"(/[^/?#%\\\s]+)*/providers/microsoft\.authorization/"
    r"policy(set)?(definition|assignment)s/[^/?#%\\]+",
    re.IGNORECASE,
)

Titles = Mapping[tuple[TenantId, str], str]
"""By tenant and folded id; what has no title is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """What the cloud calls one of them; empty where it has none, or it may not be read.

    Attributes:
        id: the cloud's, folded: clouds mind no case there.
    """

    id: str
    title: str

    @property
    def name(self) -> str:
        """The last part of the id, by which states are counted."""
        return self.id.rpartition("/")[2]


def can_be_asked(cloud_id: str) -> bool:
    """Whether ``cloud_id`` is one of a policy, a set or an assignment, and of nothing else.

    It comes out of the cloud's answers and goes into an address.
    """
    return ASKABLE.fullmatch(cloud_id) is not None and ".." not in cloud_id


def title_of(items: Iterable[bytes]) -> str:
    """The display name in a definition; empty where there is none.

    Raises UnreadableItem.
    """
    for item in items:
        return word(inner(opened(item), "properties"), "displayName").strip()[:MAX_TITLE]
    return ""


def titled(states: Iterable[PolicyState], titles: Titles) -> list[PolicyState]:
    """``states`` with what people call their policies."""

    def of(tenant: TenantId, cloud_id: str) -> str:
        return titles.get((tenant, cloud_id.casefold()), "")

    return [
        replace(
            one,
            policy_title=of(one.tenant, one.policy),
            policy_set_title=of(one.tenant, one.policy_set),
            assignment_title=of(one.tenant, one.assignment),
        )
        for one in states
    ]
