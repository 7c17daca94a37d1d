"""The means of probes, from what this installation is told."""

import os
import ssl
from pathlib import Path

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.settings import Settings
from quarterdeck.operations.health.probing.looking import Means


def means_of(settings: Settings, clock: Clock) -> Means:
    """What probes use: whom they trust, which commands they may run."""
    commands = settings.probe_commands
    return Means(
        clock=clock,
        trust=ssl.create_default_context(cafile=settings.probe_ca or None),
        environment=os.environ,
        commands=Path(commands) if commands else None,
    )
