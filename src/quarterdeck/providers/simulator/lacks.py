"""What a directory's application has not been given: roles, permissions, licences."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

P1 = "AAD_PREMIUM"
P2 = "AAD_PREMIUM_P2"
"""Licences of Entra ID by their part numbers; P2 contains P1."""

ROLES: Mapping[str, Sequence[str]] = {
    "Reader": (
        "Microsoft.Resources/*",
        "Microsoft.ResourceGraph/*",
        "Microsoft.PolicyInsights/*",
        "Microsoft.Advisor/*",
        "Microsoft.Authorization/*",
    ),
    "Cost Management Reader": ("Microsoft.CostManagement/*", "Microsoft.Consumption/*"),
    "Security Reader": ("Microsoft.Security/*",),
    "Key Vault Crypto User": ("Microsoft.KeyVault/vaults/keys/*",),
}
"""The three roles of runbook 000, section 5.1, and the vault's, each with what it alone opens."""


class Lack(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """Something that is not there.

    Attributes:
        permission: an action of Azure (``*`` stands for any part), one of ROLES, a permission
            of Microsoft Graph (``User.Read.All``) or a licence (``AAD_PREMIUM``).
        tenant: the directory that lacks it; empty for all.
        subscription: the only one that lacks it; empty for all of the directory's.
    """

    permission: str
    tenant: str = ""
    subscription: str = ""


class Lacks:
    """All that is not there; what is not listed here is."""

    def __init__(self) -> None:
        self._listed: list[Lack] = []

    def __iter__(self) -> Iterator[Lack]:
        return iter(self._listed)

    def add(self, lack: Lack) -> None:
        """Take something away."""
        self._listed.append(lack)

    def clear(self) -> None:
        """Give everything back."""
        self._listed.clear()

    def __call__(self, permission: str, tenant: str, subscription: str = "") -> bool:
        """Whether the directory lacks ``permission``."""
        return any(
            lack.tenant in ("", tenant)
            and lack.subscription in ("", subscription)
            and any(fnmatchcase(permission, one) for one in opened(lack.permission))
            for lack in self._listed
        )


def opened(permission: str) -> Sequence[str]:
    """The actions that a role opens; anything else opens itself."""
    return ROLES.get(permission, (permission,))
