"""What the platform tells of itself."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsReset(Event):
    """What a process remembered of its own speed was forgotten, because somebody asked."""

    action: ClassVar[str] = "metrics:reset"
