"""What can be wrong with a hand-off. Pure."""

from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class UnusableNote(Invalid):
    """A note that cannot be kept, or a shift that ends nowhere."""


class NoSuchHandoff(NotFound):
    """Nobody left a note there, or it may not be seen."""


class HandoffMoved(Conflict):
    """It was taken over before, or changed in the same moment."""


class NotYourHandoff(Forbidden):
    """The shift that ends, or the one that begins, is another's."""
