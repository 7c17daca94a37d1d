"""How each domain is read."""

from collections.abc import Mapping

from quarterdeck.governance.sync.model import COMPLIANCE, COSTS, IDENTITY, RESOURCES
from quarterdeck.governance.sync.reading import Begin
from quarterdeck.governance.sync.readings import compliance, costs, identity, resources

READINGS: Mapping[str, Begin] = {
    COSTS: costs.begin,
    COMPLIANCE: compliance.begin,
    RESOURCES: resources.begin,
    IDENTITY: identity.begin,
}
"""By domain; those that exist."""
