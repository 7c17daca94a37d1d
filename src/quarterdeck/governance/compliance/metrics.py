"""What compliance says in numbers, from the database: as true when no worker lives."""

from collections.abc import Mapping
from dataclasses import asdict

from prometheus_client import Gauge

from quarterdeck.governance.compliance.model.verdict import Tally

STATES = Gauge("quarterdeck_compliance_states", "Policy states by verdict.", ["tenant", "verdict"])
SCORE = Gauge(
    "quarterdeck_compliance_score_percent",
    "Compliant of decided policy states, 0 to 100; absent where none is decided.",
    ["tenant"],
)
SILENT = Gauge("quarterdeck_compliance_silent", "Connections of which nothing was heard.")


def show(tallies: Mapping[tuple[str, ...], Tally], silent: int) -> None:
    """Show how each tenant stands, and of how many connections that is not known."""
    STATES.clear()
    SCORE.clear()
    for (tenant,), tally in tallies.items():
        if tally.score_percent is not None:
            SCORE.labels(tenant).set(tally.score_percent)
        for verdict, many in asdict(tally).items():
            STATES.labels(tenant, verdict).set(many)
    SILENT.set(silent)
