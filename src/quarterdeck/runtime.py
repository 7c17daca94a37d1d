"""What a running installation is made of. Built by ``wiring``, used by the ways in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from quarterdeck.kernel.cache import Caches, Epochal
from quarterdeck.kernel.resources import Memory
from quarterdeck.kernel.timings import Recent, Timings

if TYPE_CHECKING:  # The CLI imports this module, and its --help must not load SQLAlchemy.
    from sqlalchemy import Engine

    from quarterdeck.access.authentication.ports import IdentityProvider
    from quarterdeck.access.authentication.service import Authenticator
    from quarterdeck.kernel.clock import Clock
    from quarterdeck.kernel.health import Check
    from quarterdeck.kernel.settings import Settings
    from quarterdeck.operations.messages.ports import Outlet
    from quarterdeck.operations.metrics.opening import Metrics
    from quarterdeck.trail.deliveries.ports import Consumer
    from quarterdeck.trail.deliveries.trials import Environment
    from quarterdeck.trail.ingest.intake import Standing
    from quarterdeck.trail.keys.keystore import KeyStore
    from quarterdeck.trail.log.ports import Reader, Removal, Sequencer
    from quarterdeck.trail.query.explorer import Explorer
    from quarterdeck.trail.segments.ports import SegmentStore
    from quarterdeck.trail.webhooks.ports import Sender


SLOW_MS = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The ports of one installation, each filled with an adapter.

    Attributes:
        checks: what the whole installation stands on, by name.
        roles: readiness of each service of runbook 004 (topic 3), by role and by entry.
        ingests: how long the last requests with events took.
        memory: what this process used lately.
        policies: what holds for each tenant whose events came, while nothing changes.
        statements, requests: how long the last ones of this process took.
    """

    settings: Settings
    engine: Engine
    clock: Clock
    access: Authenticator
    keys: KeyStore
    reader: Reader
    removal: Removal
    sequencer: Sequencer
    explorer: Explorer
    metrics: Metrics
    checks: Mapping[str, Check]
    roles: Mapping[str, Mapping[str, Check]] = field(default_factory=dict)
    provider: IdentityProvider | None = None
    caches: Caches = field(default_factory=Caches)
    policies: Epochal[Standing] = field(default_factory=Epochal)
    ingests: Recent = field(default_factory=Recent)
    memory: Memory = field(default_factory=Memory)
    statements: Timings = field(default_factory=lambda: Timings(SLOW_MS))
    requests: Timings = field(default_factory=lambda: Timings(SLOW_MS))
    consumers: Sequence[Consumer] = ()
    sandboxes: Mapping[str, Environment] = field(default_factory=dict)
    worm: SegmentStore | None = None
    exports: Path | None = None
    webhooks: Sender | None = None
    outlet: Outlet | None = None
