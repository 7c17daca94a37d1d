"""How Azure is reached: where it answers, whom we are, how patient we are."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from quarterdeck.kernel.errors import Invalid

PUBLIC_ENDPOINT = "https://management.azure.com"
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
        ca_file: the only certificate authorities to trust, PEM; None trusts the system's.
        client: application id of the platform's own credential (AZURE_CLIENT_ID).
        secret: its secret (AZURE_CLIENT_SECRET, runbook 000 section 6.2).
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
    ca_file: Path | None = None
    client: str = ""
    secret: str = field(default="", repr=False)
    ambient: bool = False
    patience: Patience = Patience()
    connect_s: float = 10.0
    silence_s: float = 60.0
    answer_s: float = 120.0
    answer_bytes: int = 256 * 1024 * 1024

    def __post_init__(self) -> None:
        for name in ("endpoint", "authority"):
            address = urlsplit(getattr(self, name))
            secure = address.scheme == "https" or (address.scheme == "http" and name == "endpoint")
            if not (secure and address.hostname):
                raise Invalid(
                    f"the Azure {name} must be an https address, got {getattr(self, name)!r}"
                )
        if urlsplit(self.endpoint).scheme == "http" and not is_loopback(self.endpoint):
            raise Invalid("plain http to Azure Resource Manager is for loopback only: use https")
        if self.ca_file is not None and not self.ca_file.is_file():
            raise Invalid(f"no file of certificate authorities at {self.ca_file}")

    @property
    def scope(self) -> str:
        """What a token is asked for."""
        return f"{self.audience.rstrip('/')}/.default"


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this machine; then no proxy stands between."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
