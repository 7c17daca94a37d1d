"""How Azure is reached: where it answers, whom we are, how patient we are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from quarterdeck.kernel.errors import Invalid
from quarterdeck.providers.azure.asks import Api

PUBLIC_ENDPOINT = "https://management.azure.com"
PUBLIC_GRAPH = "https://graph.microsoft.com"
PUBLIC_STATUS = "https://rssfeed.azure.status.microsoft/en-us/status/feed/"
PUBLIC_VAULTS = "vault.azure.net"
PUBLIC_AUTHORITY = "https://login.microsoftonline.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long one call is tried before its failure is told.

    Attributes:
        attempts: tries in all, the first included.
        total_s: no further try begins after this many seconds.
        first_wait_s: wait before the second try; doubles, with jitter, to ``longest_wait_s``.
        longest_asked_s: a cloud that asks to wait longer than this is not waited for here:
            the failure carries what it asked, and whoever schedules the work waits.
    """

    attempts: int = 4
    total_s: float = 120.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 10.0
    longest_asked_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureOptions:
    """Where Azure Resource Manager and Entra ID answer, and the platform's own credential.

    Attributes:
        endpoint: of Azure Resource Manager; https, or http on loopback (playback).
        authority: of Entra ID; https, since its library refuses anything else.
        audience: the resource that tokens are for; differs in sovereign clouds.
        graph: of Microsoft Graph; ``graph_audience``: the resource its tokens are for.
        vault_domain: Key Vault's; a vault is one label before it.
        vault_endpoint: one vault elsewhere that may be trusted; empty: none.
        status: of the cloud's status feed (RSS); empty: nobody is asked.
        directory: whose application the platform's own credential is: the managing
            directory of Azure Lighthouse, and where secrets in vaults are read from.
        ca_file: the only certificate authorities to trust, PEM; None trusts the system's.
        client: application id of the platform's own credential (AZURE_CLIENT_ID).
        secret: its secret (AZURE_CLIENT_SECRET, runbook 000 section 6.2).
        resource_graph: read resources by it where it answers.
        ambient: use the machine's own identity (workload, managed, developer's) where a
            connection names no secret and the platform has none.
        connect_s: longest wait for a connection.
        silence_s: longest wait between two pieces of an answer.
        answer_s: longest time for one whole answer, however steadily it drips.
        answer_bytes: a longer answer is refused.
    """

    endpoint: str = PUBLIC_ENDPOINT
    authority: str = PUBLIC_AUTHORITY
    audience: str = PUBLIC_ENDPOINT
    graph: str = PUBLIC_GRAPH
    graph_audience: str = PUBLIC_GRAPH
    vault_domain: str = PUBLIC_VAULTS
    vault_endpoint: str = ""
    status: str = ""
    directory: str = ""
    ca_file: Path | None = None
    client: str = ""
    secret: str = field(default="", repr=False)
    resource_graph: bool = False
    ambient: bool = False
    patience: Patience = Patience()
    connect_s: float = 10.0
    silence_s: float = 60.0
    answer_s: float = 120.0
    answer_bytes: int = 256 * 1024 * 1024

    def __post_init__(self) -> None:
        for name in ("endpoint", "graph", "authority"):
            refuse_open(name, getattr(self, name), loopback=name != "authority")
        if self.vault_endpoint:
            refuse_open("vault", self.vault_endpoint, loopback=False)
        if self.ca_file is not None and not self.ca_file.is_file():
            raise Invalid(f"no file of certificate authorities at {self.ca_file}")

    @property
    def scope(self) -> str:
        """What a token is asked for."""
        return scope_of(self.audience)

    @property
    def scopes(self) -> Mapping[Api, str]:
        """What a token is asked for where it is for another API."""
        vault = scope_of(f"https://{self.vault_domain}")
        return {Api.GRAPH: scope_of(self.graph_audience), Api.VAULT: vault}


def neighbours(endpoint: str) -> tuple[str, str]:
    """Where Microsoft Graph and the status feed are, if nothing else is said.

    A simulated cloud on this machine is whole: nobody then asks the real one by accident.
    """
    if is_loopback(endpoint):
        return endpoint, f"{endpoint.rstrip('/')}/status/feed/"
    return PUBLIC_GRAPH, PUBLIC_STATUS


def own_vault(endpoint: str) -> str:
    """The vault of a simulated cloud on this machine, which is as whole; else none."""
    return endpoint if is_loopback(endpoint) and urlsplit(endpoint).scheme == "https" else ""


def scope_of(audience: str) -> str:
    """Everything that an application has been granted on a resource."""
    return f"{audience.rstrip('/')}/.default"


def refuse_open(name: str, url: str, *, loopback: bool) -> None:
    """Refuse an address to which a token could be seen on its way; http is for loopback."""
    address = urlsplit(url)
    if not address.hostname or address.scheme not in ({"https", "http"} if loopback else {"https"}):
        raise Invalid(f"the Azure {name} must be an https address, got {url!r}")
    if address.scheme == "http" and not is_loopback(url):
        raise Invalid(f"plain http to the Azure {name} is for loopback only: use https")


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this machine; then no proxy stands between."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
