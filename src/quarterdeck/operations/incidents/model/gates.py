"""What must be recorded before an incident leaves a stage (runbook 004, topic 7). Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.stage import Stage, between


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a gate asks besides the incident.

    Attributes:
        sick: its services that are not healthy, as the registry sees them.
        actions: how many action items it has.
    """

    sick: tuple[str, ...] = ()
    actions: int = 0


def missing(incident: Incident, to: Stage, facts: Facts) -> list[str]:
    """What is still to be recorded before the incident may be at stage ``to``."""
    return [word for at in between(incident.stage, to) for word in _of(at, incident, facts)]


def missing_to_close(incident: Incident, facts: Facts) -> list[str]:
    """What is still to be recorded before the postmortem is done."""
    asks = {
        "a root cause": bool(incident.root_cause),
        "an action item": facts.actions > 0,
        "what happened (postmortem.summary)": bool(incident.postmortem.summary.strip()),
    }
    return _unmet(asks.items())


def _of(stage: Stage, incident: Incident, facts: Facts) -> list[str]:
    return GATES[stage](incident, facts) if stage in GATES else []


def _triaged(incident: Incident, _facts: Facts) -> list[str]:
    asks = {
        "affected services": bool(incident.services),
        "affected tenants": bool(incident.tenants),
        "the impact": incident.impact.is_said,
    }
    if incident.severity.assignee:
        asks["who works on it (assignee, or a technical lead)"] = is_assigned(incident)
    return _unmet(asks.items())


def _mitigated(incident: Incident, _facts: Facts) -> list[str]:
    fixed = bool((incident.temporary or incident.permanent).strip())
    return _unmet([("what mitigated it (temporary or permanent)", fixed)])


def _recovered(incident: Incident, facts: Facts) -> list[str]:
    found = _unmet([("how the services were validated", bool(incident.validated.strip()))])
    return found + [f"{name} is not healthy" for name in facts.sick]


def is_assigned(incident: Incident) -> bool:
    """Whether somebody works on it."""
    return bool(incident.assignee or any(incident.roles.values()))


def _unmet(asks: Iterable[tuple[str, bool]]) -> list[str]:
    return [word for word, met in asks if not met]


GATES: Mapping[Stage, Callable[[Incident, Facts], list[str]]] = {
    Stage.TRIAGE: _triaged,
    Stage.MITIGATION: _mitigated,
    Stage.RECOVERY: _recovered,
}
"""By the stage that is left."""
