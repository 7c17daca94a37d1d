"""What a running installation is made of. Built by ``wiring``, used by the ways in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # The CLI imports this module, and its --help must not load SQLAlchemy.
    from sqlalchemy import Engine

    from quarterdeck.access.authentication.ports import IdentityProvider
    from quarterdeck.access.authentication.service import Authenticator
    from quarterdeck.kernel.clock import Clock
    from quarterdeck.kernel.health import Check
    from quarterdeck.kernel.settings import Settings
    from quarterdeck.trail.keys.keystore import KeyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The ports of one installation, each filled with an adapter."""

    settings: Settings
    engine: Engine
    clock: Clock
    access: Authenticator
    keys: KeyStore
    checks: Mapping[str, Check]
    provider: IdentityProvider | None = None
