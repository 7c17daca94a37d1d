"""What rules need of a Prometheus that is attached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from quarterdeck.kernel.errors import Unavailable


class PrometheusAway(Unavailable):
    """The attached Prometheus does not say how its rules are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """An alert rule, as Prometheus has it (``/api/v1/rules``).

    Attributes:
        state: ``inactive``, ``pending`` or ``firing``.
        labels: that the rule puts on its alerts.
        error: of its last evaluation; empty: there was none.
        alerts: state and value of each.
        evaluated: whether it ever was.
    """

    group: str
    name: str
    query: str
    state: str
    labels: Mapping[str, str]
    error: str
    alerts: Sequence[tuple[str, float]]
    evaluated: bool


class Attached(Protocol):
    """A Prometheus. Any thread."""

    def rules(self) -> Sequence[Remote]:
        """Its alert rules, as they are now; answers within ten seconds.

        Raises:
            PrometheusAway: it is down, or answers what is no list of rules.
        """
        ...
