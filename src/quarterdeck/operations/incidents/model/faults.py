"""Why something cannot be done with an incident. Pure."""

from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class NoSuchIncident(NotFound):
    """There is no such incident, or none that this actor may see."""


class NoSuchIncidentItem(NotFound):
    """The incident has no action item, or item of its checklist, of that number."""


class UnusableIncident(Invalid):
    """Something that cannot be said of an incident; the message says what, and why."""


class RationaleMissing(Invalid):
    """A severity is changed for a reason, and it is not said."""


class IncidentChanged(Conflict):
    """Somebody else changed the incident meanwhile."""


class IncidentOver(Conflict):
    """The incident is over, or past that stage."""


class GateClosed(Conflict):
    """Something must be recorded before the incident goes on; the message says what."""


class NoticeNotApproved(Conflict):
    """Legal has not approved that customers are told."""


class NobodyToTell(Conflict):
    """No customer of the affected tenants can be told; the message says why."""


class NotTheirRole(Forbidden):
    """That is for who holds another role in the incident."""
