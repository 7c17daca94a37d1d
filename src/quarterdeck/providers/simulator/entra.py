"""The token endpoints of a simulated Entra ID: client credentials, machines, and metadata."""

import asyncio
from base64 import b64decode
from collections.abc import Mapping
from hmac import compare_digest
from urllib.parse import unquote_plus
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.simulator.answers import json
from quarterdeck.providers.simulator.credentials import Unproven, proven
from quarterdeck.providers.simulator.estate import SimulatedTenant
from quarterdeck.providers.simulator.faults import Fault, FaultKind
from quarterdeck.providers.simulator.tokens import Audience
from quarterdeck.providers.simulator.world import World


class Denied(Exception):
    """A refusal in OAuth's form (RFC 6749, 5.2) with an AADSTS code, as Entra words it.

    Source of codes: https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
    """

    def __init__(self, status: int, error: str, code: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.error = error
        self.code = code


class Entra:
    """Issues tokens to the applications of a world."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock

    def routes(self) -> list[Route]:
        """Its addresses; ``tenant`` is a directory's id."""
        metadata = "/{tenant}/v2.0/.well-known/openid-configuration"
        return [
            Route("/{tenant}/oauth2/v2.0/token", self.token, methods=["POST"]),
            Route(metadata, self.metadata),
            Route("/{tenant}/msi/token", self.machine_token),
        ]

    async def metadata(self, request: Request) -> Response:
        """OpenID Connect discovery, as far as the library of Azure reads it."""
        try:
            tenant = self._tenant(request)
        except Denied as denied:
            return self._denial(denied, {})
        base = f"{request.url.scheme}://{request.url.netloc}/{tenant.id}"
        return json(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "private_key_jwt",
                    "client_secret_basic",
                ],
                "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid"],
            }
        )

    async def token(self, request: Request) -> Response:
        """A token for an application that knows its secret."""
        fault = self._world.faults.strike("token", request.path_params["tenant"])
        if fault is not None and fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
        try:
            struck(fault)
            tenant = self._tenant(request)
            form = await credentials(request)
            self._prove(tenant, form)
            audience = asked(form)
        except Denied as denied:
            throttled = fault is not None and fault.kind is FaultKind.THROTTLE
            return self._denial(denied, fault.headers() if fault and throttled else {})
        life = self._world.token_s
        token = self._world.tokens.issue(tenant.id, tenant.client_id, audience)
        answer = {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life}
        return json(answer | {"access_token": token})

    async def machine_token(self, request: Request) -> Response:
        """A token for a managed identity, as App Service gives one to what runs on it.

        Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity.
        """
        tenant = self._world.tenants.get(request.path_params["tenant"])
        header = request.headers.get("x-identity-header", "")
        if tenant is None or not same(header, tenant.client_secret):
            return json({"statusCode": 401, "message": "X-IDENTITY-HEADER is wrong"}, status=401)
        resource = request.query_params.get("resource", "")
        audience = RESOURCES.get(resource.rstrip("/"))
        if audience is None:
            return json({"statusCode": 400, "message": f"unknown resource {resource}"}, status=400)
        ends = int(self._clock().timestamp()) + self._world.token_s
        token = self._world.tokens.issue(tenant.id, tenant.client_id, audience)
        answer = {"access_token": token, "expires_on": str(ends), "token_type": "Bearer"}
        return json(answer | {"resource": resource, "client_id": tenant.client_id})

    def _prove(self, tenant: SimulatedTenant, form: Mapping[str, str]) -> None:
        """Refuse whoever is not the directory's application, in the order in which Entra does."""
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if form.get("grant_type") != "client_credentials":
            raise Denied(400, "unsupported_grant_type", 70003, "The grant type is not supported.")
        if client != tenant.client_id:
            words = f"Application with identifier '{client}' was not found in the directory."
            raise Denied(400, "unauthorized_client", 700016, words)
        if form.get("client_assertion"):
            self._assert(tenant, form)
        elif not secret:
            words = "The request body must contain: 'client_assertion' or 'client_secret'."
            raise Denied(401, "invalid_client", 7000218, words)
        elif not same(secret, tenant.client_secret):
            raise Denied(401, "invalid_client", 7000215, WRONG_PROOF)

    def _assert(self, tenant: SimulatedTenant, form: Mapping[str, str]) -> None:
        """Refuse an assertion that none of the application's credentials has signed."""
        if form.get("client_assertion_type") != ASSERTION:
            raise Denied(400, "invalid_request", 900144, "client_assertion_type is wrong.")
        known = self._world.credentials.get(tenant.id, [])
        try:
            proven(form["client_assertion"], known, tenant.client_id, self._clock())
        except Unproven as error:
            raise Denied(401, "invalid_client", error.code, str(error)) from error

    def _tenant(self, request: Request) -> SimulatedTenant:
        named = request.path_params["tenant"]
        if named not in self._world.tenants:
            words = f"Tenant '{named}' not found. Check to make sure you have the correct tenant ID"
            raise Denied(400, "invalid_request", 90002, words)
        return self._world.tenants[named]

    def _denial(self, denied: Denied, headers: Mapping[str, str]) -> Response:
        trace, correlation = str(uuid4()), str(uuid4())
        moment = f"{self._clock():%Y-%m-%d %H:%M:%SZ}"
        ids = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}"
        body = {
            "error": denied.error,
            "error_description": f"AADSTS{denied.code}: {denied} {ids}",
            "error_codes": [denied.code],
            "timestamp": moment,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={denied.code}",
        }
        return json(body, status=denied.status, headers=headers)


def struck(fault: Fault | None) -> None:
    """Refuse as the fault says; one that only delays does not."""
    if fault is not None and fault.kind in DENIALS:
        raise Denied(*DENIALS[fault.kind])


async def credentials(request: Request) -> Mapping[str, str]:
    """The form's fields; id and secret may stand in the header instead (RFC 6749, 2.3.1)."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    scheme, _, basic = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        client, _, secret = b64decode(basic).decode().partition(":")
        form.setdefault("client_id", unquote_plus(client))
        form.setdefault("client_secret", unquote_plus(secret))
    return form


def same(one: str, other: str) -> bool:
    """Whether two secrets are one; takes as long either way."""
    return compare_digest(one.encode(), other.encode())


def asked(form: Mapping[str, str]) -> Audience:
    """The API that a token is asked for."""
    resource, default, rest = form.get("scope", "").partition("/.default")
    if not default or rest:
        words = "The provided value for scope is not valid: it must end with /.default."
        raise Denied(400, "invalid_scope", 1002012, words)
    if resource.rstrip("/") not in RESOURCES:
        words = f"The resource principal named {resource} was not found in the tenant."
        raise Denied(400, "invalid_resource", 500011, words)
    return RESOURCES[resource.rstrip("/")]


ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""RFC 7523, section 2.2."""

WRONG_PROOF = (
    "Invalid client secret provided. Ensure the secret being sent in the request is the client"
    " secret value, not the client secret ID, for a secret added to the app."
)
RESOURCES = {
    "https://management.azure.com": Audience.ARM,
    "https://management.core.windows.net": Audience.ARM,
    "https://graph.microsoft.com": Audience.GRAPH,
    "https://vault.azure.net": Audience.VAULT,
}
DENIALS = {
    FaultKind.THROTTLE: (429, "temporarily_unavailable", 90055, "Too many requests."),
    FaultKind.UNAVAILABLE: (503, "temporarily_unavailable", 90033, "Try again later."),
    FaultKind.BROKEN: (500, "server_error", 90033, "A transient error has occurred."),
    FaultKind.EXPIRED_SECRET: (
        401,
        "invalid_client",
        7000222,
        "The provided client secret keys for the application are expired.",
    ),
}
