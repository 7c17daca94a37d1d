"""Who may come in: the checks before any answer of Resource Manager, Graph and Key Vault."""

from starlette.requests import Request

from quarterdeck.providers.simulator.answers import Refused
from quarterdeck.providers.simulator.lacks import P1, P2
from quarterdeck.providers.simulator.tokens import Audience, Grant
from quarterdeck.providers.simulator.world import World

INSUFFICIENT = "Insufficient privileges to complete the operation."
NOT_PREMIUM = "Neither tenant is B2C or tenant doesn't have premium license"


class Gate:
    """Refuses who has no token, the wrong one, or may not do what is asked."""

    def __init__(self, world: World) -> None:
        self._world = world

    def arm(self, request: Request, action: str) -> Grant:
        """Let a request for ``action`` in to Azure Resource Manager."""
        grant = self._bearer(request, Audience.ARM)
        if not request.query_params.get("api-version"):
            words = "The api-version query parameter (?api-version=) is required for all requests."
            raise Refused(400, "MissingApiVersionParameter", words)
        subscription = request.path_params.get("subscription", "")
        if subscription:
            self._sees(grant, subscription)
        if self._world.lacks(action, self.home(grant, subscription), subscription):
            scope = f"/subscriptions/{subscription}" if subscription else "/"
            raise unauthorized(grant, action, scope)
        return grant

    def vault(self, request: Request, action: str) -> Grant:
        """Let a request for ``action`` in to the Key Vault, which is the first directory's."""
        grant = self._bearer(request, Audience.VAULT)
        if grant.tenant != next(iter(self._world.tenants)):
            words = "AKV10032: Invalid issuer. The token is not of the vault's directory."
            raise Refused(401, "Unauthorized", words)
        if not request.query_params.get("api-version"):
            raise Refused(400, "BadParameter", "api-version must be specified")
        if self._world.lacks(action, grant.tenant):
            words = (
                "Caller is not authorized to perform action on resource. Caller:"
                f" appid={grant.client} Action: '{action}' Assignment: (not found)"
            )
            raise Refused(403, "Forbidden", words)
        return grant

    def graph(
        self, request: Request, permission: str, code: str = "Authorization_RequestDenied"
    ) -> Grant:
        """Let a request in to Microsoft Graph that needs ``permission``; ``code`` refuses it."""
        grant = self._bearer(request, Audience.GRAPH)
        self.permitted(grant, permission, code)
        return grant

    def permitted(self, grant: Grant, permission: str, code: str) -> None:
        """Refuse an application that has not been given a permission of Graph."""
        if self._world.lacks(permission, grant.tenant):
            words = {
                "Authorization_RequestDenied": INSUFFICIENT,
                "AccessDenied": "You cannot perform the requested operation, required scopes are"
                " missing in the token.",
            }
            missing = f"Calling principal does not have required MSGraph permissions {permission}"
            raise Refused(403, code, words.get(code, missing))

    def premium(self, grant: Grant) -> None:
        """Refuse a directory without Entra ID P1."""
        if not self.licensed(grant.tenant):
            raise Refused(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", NOT_PREMIUM)

    def licensed(self, tenant: str) -> bool:
        """Whether a directory has Entra ID P1, by itself or within P2."""
        licence = self._world.tenants[tenant].licence
        return any(
            one == licence and not self._world.lacks(one, tenant) for one in (P1, P2)
        ) and not self._world.lacks(P1, tenant)

    def home(self, grant: Grant, subscription: str) -> str:
        """The directory whose rights hold: a subscription's own, wherever the token is from."""
        holder = self._world.holders.get(subscription)
        return holder.id if holder else grant.tenant

    def _bearer(self, request: Request, audience: Audience) -> Grant:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._world.tokens.find(token) if scheme.lower() == "bearer" else None
        graph = audience is Audience.GRAPH
        if grant is None:
            code = "InvalidAuthenticationToken" if graph else "AuthenticationFailed"
            words = (
                "Authentication failed. The 'Authorization' header is missing or its token unknown."
            )
            raise Refused(401, code, words)
        if self._world.tokens.expired(grant):
            code = "InvalidAuthenticationToken" if graph else "ExpiredAuthenticationToken"
            raise Refused(401, code, "The access token has expired.")
        if grant.audience is not audience:
            raise wrong_audience(grant, audience)
        return grant

    def _sees(self, grant: Grant, subscription: str) -> None:
        holder = self._world.holders.get(subscription)
        if holder is None:
            words = f"The subscription '{subscription}' could not be found."
            raise Refused(404, "SubscriptionNotFound", words)
        if holder.id != grant.tenant and not self._world.delegated(subscription, grant.tenant):
            words = "The access token is from the wrong issuer: not the subscription's directory."
            raise Refused(401, "InvalidAuthenticationTokenTenant", words)


def wrong_audience(grant: Grant, wanted: Audience) -> Refused:
    """The token is for another API."""
    if wanted is Audience.GRAPH:
        words = "Access token validation failure. Invalid audience."
        return Refused(401, "InvalidAuthenticationToken", words)
    words = (
        f"The access token has been obtained for wrong audience or resource '{grant.audience}'."
        f" It should exactly match with one of the allowed audiences '{wanted}/'."
    )
    return Refused(401, "InvalidAuthenticationTokenAudience", words)


def unauthorized(grant: Grant, action: str, scope: str) -> Refused:
    """The application has no role with this action, in the words of Azure."""
    return Refused(
        403,
        "AuthorizationFailed",
        f"The client '{grant.client}' with object id '{grant.client}' does not have authorization"
        f" to perform action '{action}' over scope '{scope}' or the scope is invalid. If access"
        " was recently granted, please refresh your credentials.",
    )
