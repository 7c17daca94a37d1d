"""The eight stages of an incident (runbook 004, topic 7), and what each one's gate asks. Pure."""

from enum import StrEnum


class Stage(StrEnum):
    """Where the response is."""

    DETECTION = "detection"
    ACKNOWLEDGEMENT = "acknowledgement"
    TRIAGE = "triage"
    INVESTIGATION = "investigation"
    MITIGATION = "mitigation"
    RECOVERY = "recovery"
    RESOLUTION = "resolution"
    POSTMORTEM = "postmortem"


class Status(StrEnum):
    """What is said of it to others."""

    INVESTIGATING = "Investigating"
    MITIGATED = "Mitigated"
    RESOLVED = "Resolved"


STAGES = list(Stage)
BEGINS = {
    Status.INVESTIGATING: Stage.TRIAGE,
    Status.MITIGATED: Stage.RECOVERY,
    Status.RESOLVED: Stage.RESOLUTION,
}
"""By status, the stage with which it begins."""


def status_at(stage: Stage) -> Status:
    """What is said of an incident at a stage."""
    if is_past(stage, Stage.RECOVERY):
        return Status.RESOLVED
    return Status.MITIGATED if stage is Stage.RECOVERY else Status.INVESTIGATING


def is_past(stage: Stage, other: Stage) -> bool:
    """Whether ``stage`` comes after ``other``."""
    return STAGES.index(stage) > STAGES.index(other)


def between(now: Stage, to: Stage) -> list[Stage]:
    """The stages that are left on the way to ``to``: the one that stands, and those between."""
    return STAGES[STAGES.index(now) : STAGES.index(to)]
