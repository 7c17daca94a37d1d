"""The applications of a simulated directory, whose secrets and certificates end."""

from datetime import datetime, timedelta

from quarterdeck.providers.simulator.chance import draw
from quarterdeck.providers.simulator.estate import Json, SimulatedTenant, guid

ENDS_IN_DAYS = (400, 3, 20, 45, -12, 200, 700, 28)
"""Of the secrets, by the number of the application, counted from the day of the start; the
first is the platform's own."""

NAMES = ("Quarterdeck", "Deploy pipeline", "Billing export", "HR connector", "Legacy portal")
CREATED = "2024-03-05T10:00:00Z"


def applications(tenant: SimulatedTenant, born: datetime) -> list[Json]:
    """The app registrations of a directory."""
    return [application(tenant, number, born) for number in range(count(tenant))]


def count(tenant: SimulatedTenant) -> int:
    """How many there are."""
    return 8 + tenant.people // 20


def application(tenant: SimulatedTenant, number: int, born: datetime) -> Json:
    """One; the first is the platform's own.

    Every fifth has a certificate too, every seventh no secret.
    """
    name = NAMES[number] if number < len(NAMES) else f"Service {number}"
    ends = born + timedelta(days=ENDS_IN_DAYS[number % len(ENDS_IN_DAYS)])
    key = guid(tenant.id, "application", str(number))
    bare = number % 7 == 6  # noqa: PLR2004
    return {
        "id": key,
        "appId": tenant.client_id if number == 0 else guid(key, "appId"),
        "displayName": name,
        "createdDateTime": CREATED,
        "signInAudience": "AzureADMyOrg",
        "publisherDomain": f"{tenant.domain}.onmicrosoft.com",
        "identifierUris": [],
        "tags": [],
        "passwordCredentials": [] if bare else [secret(key, ends)],
        "keyCredentials": [certificate(key, ends)] if number % 5 == 4 else [],  # noqa: PLR2004
    }


def secret(key: str, ends: datetime) -> Json:
    """A client secret; its value is shown nowhere."""
    return {
        "customKeyIdentifier": None,
        "displayName": "rotated by hand",
        "endDateTime": moment(ends),
        "hint": guid(key, "hint")[:3],
        "keyId": guid(key, "secret"),
        "secretText": None,
        "startDateTime": moment(ends - timedelta(days=730)),
    }


def certificate(key: str, ends: datetime) -> Json:
    """A certificate; it ends a month after the secret."""
    return {
        "customKeyIdentifier": guid(key, "thumbprint").replace("-", "").upper(),
        "displayName": "CN=service",
        "endDateTime": moment(ends + timedelta(days=30)),
        "key": None,
        "keyId": guid(key, "certificate"),
        "startDateTime": moment(ends - timedelta(days=335)),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def service_principals(tenant: SimulatedTenant, born: datetime) -> list[Json]:
    """Those of the directory's applications, and some managed identities."""
    found = [service_principal(tenant, one) for one in applications(tenant, born)]
    identities = 3 + draw(tenant.id, "identities") % 5
    return found + [managed_identity(tenant, number) for number in range(identities)]


def service_principal(tenant: SimulatedTenant, application_: Json) -> Json:
    """The directory's own presence of an application; secrets stand on the application."""
    return {
        "id": guid(application_["id"], "service principal"),
        "appId": application_["appId"],
        "displayName": application_["displayName"],
        "accountEnabled": True,
        "appOwnerOrganizationId": tenant.id,
        "servicePrincipalType": "Application",
        "createdDateTime": CREATED,
        "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
        "passwordCredentials": [],
        "keyCredentials": [],
    }


def managed_identity(tenant: SimulatedTenant, number: int) -> Json:
    """An identity whose certificate Azure renews by itself."""
    key = guid(tenant.id, "identity", str(number))
    return {
        "id": key,
        "appId": guid(key, "appId"),
        "displayName": f"id-workload-{number}",
        "accountEnabled": True,
        "appOwnerOrganizationId": None,
        "servicePrincipalType": "ManagedIdentity",
        "createdDateTime": CREATED,
        "tags": [],
        "passwordCredentials": [],
        "keyCredentials": [],
    }


def moment(when: datetime) -> str:
    """A moment as Graph writes it."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
