"""Who we can be for Azure: each kind of credential, as azure-identity makes it."""

from typing import Any

from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    ManagedIdentityCredential,
)

from quarterdeck.providers.azure.credential import Closable, Hook, Make
from quarterdeck.providers.azure.options import PUBLIC_AUTHORITY, AzureOptions, is_loopback
from quarterdeck.providers.azure.secrets import Proof, Reference, from_file, text_of

EXCHANGE = "api://AzureADTokenExchange/.default"
MANAGED = "managed-identity"
OF_DIRECTORIES = {"authority", "disable_instance_discovery"}


def application(directory: str, client: str, proof: Reference, options: AzureOptions) -> Make:
    """An application in one directory; a managed identity needs neither."""

    def make(hook: Hook) -> Closable:
        return MAKERS[proof.proof](directory, client, proof, common(options, hook))

    return make


def by_secret(directory: str, client: str, proof: Reference, told: dict[str, Any]) -> Closable:
    """A client secret."""
    return ClientSecretCredential(directory, client, proof.text, **told)


def by_certificate(directory: str, client: str, proof: Reference, told: dict[str, Any]) -> Closable:
    """A certificate with its private key, PEM or PKCS 12."""
    return CertificateCredential(directory, client, certificate_data=proof.content, **told)


def by_federation(directory: str, client: str, proof: Reference, told: dict[str, Any]) -> Closable:
    """A token that another issuer keeps fresh in a file (workload identity), or a managed one's.

    https://learn.microsoft.com/entra/workload-id/workload-identity-federation.
    """
    scheme, _, own = proof.text.partition(":")
    if scheme == MANAGED:
        machine = ManagedIdentityCredential(client_id=own or None)
        return ClientAssertionCredential(
            directory, client, lambda: machine.get_token(EXCHANGE).token, **told
        )
    reference = f"federated:{proof.text}"
    return ClientAssertionCredential(
        directory, client, lambda: text_of(from_file(proof.text, reference), reference), **told
    )


def by_machine(_directory: str, _client: str, proof: Reference, told: dict[str, Any]) -> Closable:
    """The machine's managed identity; ``proof.text`` names a user-assigned one."""
    kept = {name: value for name, value in told.items() if name not in OF_DIRECTORIES}
    return ManagedIdentityCredential(client_id=proof.text or None, **kept)


def ambient(options: AzureOptions) -> Make:
    """The machine's own identity: workload, managed, or a developer's sign-in."""

    def make(hook: Hook) -> Closable:
        return DefaultAzureCredential(**common(options, hook))

    return make


def common(options: AzureOptions, hook: Hook) -> dict[str, Any]:
    """What every credential of azure-identity is told. Tries are ours to repeat, not its."""
    told: dict[str, Any] = {
        "authority": options.authority,
        "disable_instance_discovery": options.authority != PUBLIC_AUTHORITY,
        "connection_timeout": options.connect_s,
        "read_timeout": options.silence_s,
        "retry_total": 0,
        "raw_response_hook": hook,
        "use_env_settings": not is_loopback(options.authority),
    }
    if options.ca_file is not None:
        told["connection_verify"] = str(options.ca_file)
    return told


MAKERS = {
    Proof.SECRET: by_secret,
    Proof.CERTIFICATE: by_certificate,
    Proof.FEDERATED: by_federation,
    Proof.MANAGED: by_machine,
}
