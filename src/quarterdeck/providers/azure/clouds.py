"""Opens the cloud behind a connection, over connections and tokens that all share."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock
from time import monotonic, sleep
from typing import Protocol

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass, Pause
from quarterdeck.governance.connections.model import Connection
from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.azure import secrets, vault
from quarterdeck.providers.azure.breaker import Breakers
from quarterdeck.providers.azure.client import Client, Manners
from quarterdeck.providers.azure.cloud import AzureCloud, Places
from quarterdeck.providers.azure.credential import Credential, EntraCredential, Make
from quarterdeck.providers.azure.identities import ambient, application
from quarterdeck.providers.azure.options import AzureOptions
from quarterdeck.providers.azure.quota import Key, Pacer
from quarterdeck.providers.azure.secrets import Proof, Reference
from quarterdeck.providers.azure.transport import Answer, Transport

OWN = "a vault is asked as the platform itself"

Identity = tuple[str, str, str]
"""Directory, application, and a digest of its proof; an empty proof is the machine's."""


class Recorder(Protocol):
    """Sees every exchange; may be told from several threads."""

    def observe(self, method: str, answer: Answer) -> None:
        """An exchange."""
        ...

    def close(self) -> None:
        """There are no more."""
        ...


class AzureClouds:
    """All clouds of an installation: one pool of connections, one credential an identity.

    ``open`` is the ``OpenCloud`` of sync. Quotas and circuits hold over all clouds that one
    identity opens, and go by ``seconds``. Close it when no cloud is in use.
    """

    def __init__(
        self,
        options: AzureOptions,
        clock: Clock,
        environ: Mapping[str, str],
        recording: Recorder | None = None,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._options = options
        self._clock = clock
        self._environ = environ
        self._transport = Transport(options, recording.observe if recording is not None else None)
        self._pacer = Pacer(seconds)
        self._breakers = Breakers(seconds)
        self._recording = recording
        self._lock = Lock()
        self._credentials: dict[Identity, Credential] = {}

    def open(self, connection: Connection, pause: Pause = sleep, /) -> AzureCloud:
        """The cloud behind ``connection``; its secret is read anew, so a rotation holds.

        ``pause`` waits for quotas and between tries. Raises CloudFailure(AUTHENTICATION)
        where there is no secret to use.
        """
        directory = self._directory(connection)
        client = connection.client or self._options.client
        proof = self._proof(connection, pause)
        if proof is not None and proof.proof is not Proof.MANAGED and not client:
            raise no_credential(f"connection {connection.name} names a secret, but no client id")
        places = Places(
            arm=self._options.endpoint.rstrip("/"),
            graph=self._options.graph.rstrip("/"),
            directory=connection.directory if connection.use_lighthouse else "",
            delegated=connection.use_lighthouse,
            resource_graph=self._options.resource_graph,
        )
        return AzureCloud(self._client(directory, client, proof, pause), places)

    def platform(self, reference: str = "") -> Client:
        """A client as the platform itself, or as what ``reference`` proves it to be.

        Raises CloudFailure(AUTHENTICATION) where there is nobody to be.
        """
        directory, client = self._options.directory, self._options.client
        proof = secrets.understood(reference, self._environ) if reference else self._own(OWN)
        if proof is not None and proof.proof is Proof.VAULT:
            raise no_credential("what opens a vault cannot stand in a vault: name it otherwise")
        if proof is not None and proof.proof is not Proof.MANAGED and not (client and directory):
            raise no_credential(f"{OWN}: set azure_client_id and azure_managing_tenant")
        return self._client(directory, client, proof, sleep)

    def down(self) -> Mapping[Key, str]:
        """The APIs that are not asked now, by credential, and why."""
        return self._breakers.open()

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()
        if self._recording is not None:
            self._recording.close()
        with self._lock:
            for credential in self._credentials.values():
                credential.close()
            self._credentials.clear()

    def _directory(self, connection: Connection) -> str:
        if not connection.use_lighthouse:
            return connection.directory
        if not self._options.directory:
            raise no_credential(
                f"connection {connection.name} is reached through Azure Lighthouse, but the"
                " managing directory is not known: set azure_managing_tenant"
            )
        return self._options.directory

    def _proof(self, connection: Connection, pause: Pause) -> Reference | None:
        """How to prove who we are; None: as the machine's own identity."""
        if not connection.secret:
            return self._own(f"connection {connection.name} names no secret")
        found = secrets.understood(connection.secret, self._environ)
        if found.proof is not Proof.VAULT:
            return found
        own = self._own("a secret in a vault is read as the platform itself")
        directory = self._options.directory or connection.directory
        client = self._client(directory, self._options.client, own, pause)
        secret = vault.fetch(client, found.text, self._options)
        return Reference(proof=Proof.SECRET, text=secret)

    def _own(self, why: str) -> Reference | None:
        if self._options.secret:
            return Reference(proof=Proof.SECRET, text=self._options.secret)
        if self._options.ambient:
            return None
        raise no_credential(
            f"{why}, and the platform has none:"
            " set AZURE_CLIENT_SECRET, or the connection's client_secret_ref"
        )

    def _client(self, directory: str, client: str, proof: Reference | None, pause: Pause) -> Client:
        how = Manners(
            patience=self._options.patience,
            pacer=self._pacer,
            breakers=self._breakers,
            principal=f"{directory}/{client}",
            scope=self._options.scope,
            scopes=self._options.scopes,
        )
        credential = self._credential(directory, client, proof)
        return Client(self._transport, credential, how, self._clock, pause)

    def _credential(self, directory: str, client: str, proof: Reference | None) -> Credential:
        identity = (directory, client, digest(proof))
        with self._lock:
            if identity not in self._credentials:
                make = self._make(directory, client, proof)
                self._credentials[identity] = EntraCredential(make, self._clock)
            return self._credentials[identity]

    def _make(self, directory: str, client: str, proof: Reference | None) -> Make:
        if proof is None:
            return ambient(self._options)
        return application(directory, client, proof, self._options)


def digest(proof: Reference | None) -> str:
    """Tells proofs apart without holding them a second time."""
    if proof is None:
        return ""
    return sha256(f"{proof.proof}\n{proof.text}\n".encode() + proof.content).hexdigest()


def no_credential(message: str) -> CloudFailure:
    """Nobody to be."""
    return CloudFailure(FailureClass.AUTHENTICATION, message)
