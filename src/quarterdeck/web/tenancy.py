"""Which tenant a program means that pushes: the one it names, or the only one of its token."""

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import ANY, Actor, MissingPermission, TenantNotFound
from quarterdeck.web.faults import Malformed


def meant(actor: Actor, permission: str, named: str) -> str:
    """The tenant that is named, or the only one on which the actor holds ``permission``.

    Raises:
        MissingPermission, TenantNotFound: as ``Work.require``.
        Malformed: the credential is for several, and none is named.
    """
    if named:
        if actor.may(permission, named) and named != PLATFORM:
            return named
        if named == PLATFORM or not actor.sees(named):
            raise TenantNotFound(permission, named)
        raise MissingPermission(permission, named)
    found = {on for held, on in actor.grants if held == permission}
    if not found:
        raise MissingPermission(permission, ANY)
    if len(found) > 1 or ANY in found:
        raise Malformed("this token is for many tenants; name one: put /t/TENANT before the path")
    return found.pop()
