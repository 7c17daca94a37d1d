"""Why something cannot be done with a status page. Pure."""

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound


class NoSuchStatusPage(NotFound):
    """There is no such status page, or none that is published."""


class NoSuchStatusComponent(NotFound):
    """The status page has no such component."""


class NoSuchStatusPost(NotFound):
    """The status page has no such post."""


class NoSuchSubscriber(NotFound):
    """The status page has no such subscriber."""


class UnusableStatusPage(Invalid):
    """Something that cannot stand on a status page; the message says what, and why."""


class StatusPageChanged(Conflict):
    """Somebody else changed the status page, or that part of it, meanwhile."""


class SlugTaken(Conflict):
    """Another status page has that address."""


class NoticeGated(Conflict):
    """Legal has not approved that customers are told of this incident."""


class LinkExpired(Conflict):
    """The link was used before, or is too old."""
