"""Dead letters tried in this installation, as API and console do it."""

from datetime import timedelta

from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.service.trying import Here


def here_of(runtime: Runtime) -> Here:
    """The environment that is the installation itself."""
    return Here(runtime.engine, runtime.clock, runtime.consumers)


def lock_of(runtime: Runtime) -> timedelta:
    """How long a person who receives a dead letter has it for themselves."""
    return timedelta(seconds=runtime.settings.message_lock_s)
