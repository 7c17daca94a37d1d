"""What an actor may do: questions, no changes."""

from quarterdeck.access.roles.model import PERMISSIONS, ROLES, Role, check_permission
from quarterdeck.kernel.work import TenantNotFound, Work


def all_roles(work: Work) -> list[Role]:
    """Every role, least first."""
    work.tenants("access:ask")
    return list(ROLES.values())


def can_i(work: Work, permission: str, tenant: str) -> bool:
    """Whether the actor holds ``permission`` on ``tenant``.

    Raises:
        UnknownPermission, TenantNotFound: so that a mistyped name is not taken for a no.
    """
    _require(work, tenant)
    check_permission(permission)
    return work.actor.may(permission, tenant)


def effective(work: Work, tenant: str) -> tuple[str, ...]:
    """Every permission that the actor holds on ``tenant``, in the order of the matrix.

    Raises:
        TenantNotFound: it holds none.
    """
    _require(work, tenant)
    return tuple(name for name in PERMISSIONS if work.actor.may(name, tenant))


def _require(work: Work, tenant: str) -> None:
    work.tenants("access:ask")
    if not work.actor.sees(tenant):
        raise TenantNotFound("access:ask", tenant)
