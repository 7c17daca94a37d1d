"""How often this installation syncs, for routes."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends

from quarterdeck.governance.sync.model import Policies, policies
from quarterdeck.web.deps import Installation


def policies_of(runtime: Installation) -> Policies:
    """The policy of each domain, as the settings have it."""
    return policies(timedelta(seconds=runtime.settings.sync_resources_s))


InPolicies = Annotated[Policies, Depends(policies_of)]
