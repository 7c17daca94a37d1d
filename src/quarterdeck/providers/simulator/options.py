"""What a simulated cloud is asked to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from quarterdeck.kernel.errors import Invalid

MAX_RESOURCES = 1_000_000
MAX_TENANTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorOptions:
    """The size of the cloud and where it answers.

    Attributes:
        folder: gets ``ca.pem``, the certificate authority to trust; made if absent.
        port: on loopback; 0 takes a free one.
        tenants: directories, 1 to 1,000.
        resources: in all directories together, 0 to 1,000,000.
        seed: the same seed makes the same tenants, secrets, subscriptions and resources.
        token_s: life of an access token.
        latency_s: time that each answer is held back, as a distant cloud would.
        quotas: whether the quotas of Resource Graph and Cost Management refuse; they are
            counted and told either way.
        cost_quotas: how many times Azure's own quotas those of Cost Management are, 1 to 1,000.
        without: what applications have not been given, ``Security Reader`` for all
            directories, ``2:User.Read.All`` for the second; see ``lacks``.
        now: what its clock shows at the start, aware; None for the machine's. Costs, sign-ins
            and secrets go by it, tokens do not.
        lighthouse: the first directory manages the subscriptions of all others.
    """

    folder: Path
    port: int = 0
    tenants: int = 3
    resources: int = 1_500
    seed: int = 7
    token_s: int = 3_600
    latency_s: float = 0.0
    quotas: bool = False
    cost_quotas: int = 1
    without: Sequence[str] = ()
    lighthouse: bool = False
    now: datetime | None = None

    def __post_init__(self) -> None:
        within("port", self.port, 0, 65_535)
        within("tenants", self.tenants, 1, MAX_TENANTS)
        within("resources", self.resources, 0, MAX_RESOURCES)
        within("token_s", self.token_s, 1, 86_400)
        within("latency_s", self.latency_s, 0, 60)
        within("cost_quotas", self.cost_quotas, 1, 1_000)


def within(name: str, value: float, least: int, most: int) -> None:
    """Refuse a value that is out of its range, and say the range."""
    if not least <= value <= most:
        raise Invalid(f"{name} must be {least} to {most}, got {value}")
