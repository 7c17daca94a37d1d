"""What can be wrong with a policy, or with what somebody wants of a page. Pure."""

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound


class UnusableEscalation(Invalid):
    """A policy that cannot be; ``errors`` says at which place."""

    def __init__(self, why: str, pointer: str = "#/text") -> None:
        super().__init__(why)
        self.errors = ({"detail": why, "pointer": pointer},)


class NoSuchEscalation(NotFound):
    """The tenant has no such escalation policy, or it may not be seen."""


class EscalationChanged(Conflict):
    """Somebody changed the policy since it was read."""


class UnusablePage(Invalid):
    """A page that cannot be opened, or changed so."""


class NoSuchPage(NotFound):
    """There is no such page, or none that this actor may see."""


class StepMoved(Conflict):
    """A step was done, or put off, by somebody else since it was read."""


class PageEnded(Conflict):
    """The page is resolved: there is nothing left to answer."""
