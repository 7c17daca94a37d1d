"""A directory as far as it was read: users, groups, and who holds which role.

Shapes are those of Microsoft Graph v1.0 (user, unifiedRoleAssignment, directoryRole) and of
the role assignments of Azure Resource Manager.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from quarterdeck.governance.identity.model.shape import (
    Item,
    UnreadableIdentity,
    flag,
    name_of,
    part,
    several,
    word,
)
from quarterdeck.governance.identity.model.verdict import Verdict, any_of, of

ROLE_NAMES = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "e8611ab8-c189-46e8-94e1-60213ab1f814": "Privileged Role Administrator",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "Privileged Authentication Administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
    "194ae4cb-b126-40b2-bd5b-6091b380977d": "Security Administrator",
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9": "Conditional Access Administrator",
    "29232cdf-9323-42fd-ade2-1d097af3e4de": "Exchange Administrator",
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c": "SharePoint Administrator",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": "Helpdesk Administrator",
    "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2": "Hybrid Identity Administrator",
    "c4e39bd9-1100-46d3-8c65-fb160da0071f": "Authentication Administrator",
    "3a2c62db-5318-420d-8d74-23affee5d9d5": "Intune Administrator",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
"""Roles that make who holds them privileged: "Privileged roles and permissions in Microsoft
Entra ID", and the built-in roles of Azure that grant roles. Ids are the same everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user of a directory.

    Attributes:
        sign_in_name: the user principal name.
        last_sign_in: None where there was none, or where that is not told.
    """

    id: str
    name: str
    sign_in_name: str
    guest: bool
    enabled: bool
    created_at: datetime | None
    last_sign_in: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A role, and the user, group or application that holds it directly."""

    role: str
    name: str
    principal: str
    privileged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Who belongs where.

    Attributes:
        members: of each group that was asked for, nested ones included; None: not known.
        holdings: every role held, of the directory and of its subscriptions.
        unread: listings of holdings that could not be read; empty: all were.
    """

    members: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    holdings: Sequence[Holding] = ()
    unread: tuple[str, ...] = ()

    def in_group(self, group: str, user: str) -> Verdict:
        """Whether ``user`` is a member; not known of a group that was not read."""
        members = self.members.get(group)
        return Verdict.NOT_KNOWN if members is None else of(user in members)

    def in_role(self, role: str, user: str) -> Verdict:
        """Whether ``user`` holds ``role``, also through a group."""
        found = self._held(user, (h for h in self.holdings if h.role == role))
        return found if found is Verdict.YES or not self.unread else Verdict.NOT_KNOWN

    def privileged(self, user: str) -> Verdict:
        """Whether ``user`` holds any privileged role, also through a group."""
        found = self._held(user, (h for h in self.holdings if h.privileged))
        return found if found is Verdict.YES or not self.unread else Verdict.NOT_KNOWN

    def roles_of(self, user: str) -> list[str]:
        """Names of the privileged roles that ``user`` is known to hold."""
        held = (h for h in self.holdings if h.privileged)
        return sorted({h.name for h in held if self._held(user, [h]) is Verdict.YES})

    def _held(self, user: str, holdings: Iterable[Holding]) -> Verdict:
        return any_of(
            Verdict.YES
            if h.principal == user
            else self.in_group(h.principal, user)
            if h.principal in self.members
            else Verdict.NO
            for h in holdings
        )


def person(item: Item) -> Person:
    """A user as Graph sends it."""
    activity = part(item, "signInActivity")
    seen = [moment(activity.get(name)) for name in SIGN_INS]
    return Person(
        id=name_of(item),
        name=word(item, "displayName"),
        sign_in_name=word(item, "userPrincipalName"),
        guest=word(item, "userType").casefold() == "guest",
        enabled=flag(item, "accountEnabled") is not False,
        created_at=moment(item.get("createdDateTime")),
        last_sign_in=max((at for at in seen if at is not None), default=None),
    )


SIGN_INS = (
    "lastSignInDateTime",
    "lastNonInteractiveSignInDateTime",
    "lastSuccessfulSignInDateTime",
)


def registration(item: Item) -> tuple[str, bool]:
    """A user, and whether a second factor is registered: a userRegistrationDetails of Graph."""
    return name_of(item), flag(item, "isMfaRegistered") is True


def role_held(item: Item) -> list[Holding]:
    """Holdings of a directory role: a unifiedRoleAssignment, or a directoryRole with members."""
    if "principalId" in item:
        role = word(item, "roleDefinitionId").casefold()
        definition = part(item, "roleDefinition")
        template = word(definition, "templateId").casefold() or role
        marked = flag(definition, "isPrivileged") is True
        name = word(definition, "displayName") or ROLE_NAMES.get(template, template)
        return [_holding(template, name, name_of(item, "principalId"), marked=marked)]
    template = (word(item, "roleTemplateId") or name_of(item)).casefold()
    name = word(item, "displayName") or template
    members = several(item, "members")
    return [_holding(template, name, name_of(m), marked=False) for m in members]


def role_assigned(item: Item) -> list[Holding]:
    """The holding in a role assignment of Azure Resource Manager."""
    properties = part(item, "properties")
    role = word(properties, "roleDefinitionId").rpartition("/")[2].casefold()
    name = ROLE_NAMES.get(role, role)
    return [_holding(role, name, name_of(properties, "principalId"), marked=False)]


def moment(text: object) -> datetime | None:
    """An instant as Graph writes it; None where there is none.

    Raises:
        UnreadableIdentity: it is none.
    """
    if text is None or text == "":
        return None
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise UnreadableIdentity(f"expected an instant, got {ascii(text)[:40]}") from error
    if found.tzinfo is None:
        raise UnreadableIdentity(f"expected an instant with its zone, got {ascii(text)[:40]}")
    # Graph writes the year 1 for "never", and 9999 for "no end".
    return found if MIN_YEAR < found.year < MAX_YEAR else None


MIN_YEAR, MAX_YEAR = 1900, 9000


def _holding(role: str, name: str, principal: str, *, marked: bool) -> Holding:
    return Holding(
        role=role, name=name, principal=principal, privileged=marked or role in ROLE_NAMES
    )
