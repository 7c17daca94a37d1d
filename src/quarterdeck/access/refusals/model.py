"""What an actor was refused, counted by the minute."""

from dataclasses import dataclass

MINUTE = 60_000_000
"""Microseconds: refusals of one actor and one permission in it make one leaf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """So often an actor asked, in one minute, for what it may not do.

    Attributes:
        minute: its begin, microseconds UTC.
        on: the tenant first asked for in that minute; a name nobody checked.
        home: the actor's, in whose log it stands.
    """

    actor: str
    permission: str
    minute: int
    on: str
    home: str
    count: int


def minute_of(moment: int) -> int:
    """The begin of the minute in which ``moment`` lies."""
    return moment // MINUTE * MINUTE
