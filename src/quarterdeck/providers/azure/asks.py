"""What is asked of Azure: an API, an address, and what reading it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Api(StrEnum):
    """An API with a quota of its own, that can be down while the others are well."""

    RESOURCE_MANAGER = "resource_manager"
    RESOURCE_GRAPH = "resource_graph"
    COST = "cost_management"
    CONSUMPTION = "consumption"
    POLICY = "policy_insights"
    DEFENDER = "defender"
    ADVISOR = "advisor"
    AUTHORIZATION = "authorization"
    GRAPH = "microsoft_graph"
    VAULT = "key_vault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request that reads something.

    Attributes:
        needs: the role, permission or licence that allows it, as Azure's docs name it.
        scope: what the API counts requests by besides the credential, such as a
            subscription; empty where it does not.
        body: sent again with the request for each following page.
    """

    api: Api
    url: str
    needs: str
    scope: str = ""
    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
