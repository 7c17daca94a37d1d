"""How often this installation syncs, for routes."""

from typing import Annotated

from fastapi import Depends

from quarterdeck.governance.sync.domains import domains
from quarterdeck.governance.sync.model import Policies
from quarterdeck.web.deps import Installation


def policies_of(runtime: Installation) -> Policies:
    """The policy of each domain, as the settings have it."""
    return domains(runtime.settings)


InPolicies = Annotated[Policies, Depends(policies_of)]
