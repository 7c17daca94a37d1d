"""Opens the cloud behind a connection, over connections and tokens that all share."""

from collections.abc import Mapping
from threading import Lock

from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync.ports import CloudFailure, FailureClass
from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.azure import secrets
from quarterdeck.providers.azure.arm import AzureCloud
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.credential import (
    Credential,
    EntraCredential,
    Make,
    ambient,
    service_principal,
)
from quarterdeck.providers.azure.options import AzureOptions
from quarterdeck.providers.azure.transport import Observe, Transport

Identity = tuple[str, str, str]


class AzureClouds:
    """All clouds of an installation: one pool of connections, one credential an identity.

    ``open`` is the ``OpenCloud`` of sync. Close it when no cloud is in use.
    """

    def __init__(
        self,
        options: AzureOptions,
        clock: Clock,
        environ: Mapping[str, str],
        observe: Observe | None = None,
    ) -> None:
        self._options = options
        self._clock = clock
        self._environ = environ
        self._transport = Transport(options, observe)
        self._lock = Lock()
        self._credentials: dict[Identity, Credential] = {}

    def open(self, connection: Connection) -> AzureCloud:
        """The cloud behind ``connection``; its secret is read anew, so a rotation holds.

        Raises CloudFailure(AUTHENTICATION) where there is no secret to use.
        """
        credential = self._credential(connection)
        client = Client(self._transport, credential, self._options.patience, self._clock)
        return AzureCloud(client, self._options.endpoint)

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()
        with self._lock:
            for credential in self._credentials.values():
                credential.close()
            self._credentials.clear()

    def _credential(self, connection: Connection) -> Credential:
        client = connection.client or self._options.client
        if connection.secret:
            secret = secrets.resolve(connection.secret, self._environ)
        else:
            secret = self._options.secret
        if secret and not client:
            raise no_credential(f"connection {connection.name} names a secret, but no client id")
        if not secret and not self._options.ambient:
            raise no_credential(
                f"connection {connection.name} names no secret, and the platform has none:"
                " set AZURE_CLIENT_SECRET, or the connection's client_secret_ref"
            )
        return self._kept((connection.directory, client, secret))

    def _kept(self, identity: Identity) -> Credential:
        with self._lock:
            if identity not in self._credentials:
                make = self._make(identity)
                kept = EntraCredential(make, self._options.scope, self._clock)
                self._credentials[identity] = kept
            return self._credentials[identity]

    def _make(self, identity: Identity) -> Make:
        directory, client, secret = identity
        if not secret:
            return ambient(self._options)
        return service_principal(directory, client, secret, self._options)


def no_credential(message: str) -> CloudFailure:
    """Nobody to be."""
    return CloudFailure(FailureClass.AUTHENTICATION, message)
