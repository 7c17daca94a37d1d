"""What policy can promise, each in one word that statements and findings use. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Measured(StrEnum):
    """In what a promise is given."""

    TIME = "time"
    NUMBER = "number"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Promise:
    """One kind of promise: how people would say it, before its value, and what the value is."""

    words: str
    by: Measured = Measured.TIME


PROMISES: dict[str, Promise] = {
    "respond": Promise("somebody answers within"),
    "resolve": Promise("it is resolved within"),
    "update-every": Promise("updates come every"),
    "war-room-at": Promise("its war room opens after"),
    "customers-told-at": Promise("customers are told after"),
    "customers-told-with": Promise("customers are told only once agreed by", Measured.WORDS),
    "escalates-at": Promise("it escalates after"),
    "told-at": Promise("it is told after"),
    "joins-at": Promise("it must join after"),
    "postmortem-within": Promise("its postmortem is due within"),
    "threshold": Promise("it fires at", Measured.WORDS),
    "holds-for": Promise("the condition holds for"),
    "severity-is": Promise("its severity is", Measured.WORDS),
    "limit": Promise("the limit is"),
    "takes-at-most": Promise("it takes at most"),
    "late-after": Promise("it is late after"),
    "rpo": Promise("what is lost is at most the last"),
    "rto": Promise("it is back within"),
    "backed-up-every": Promise("it is backed up every"),
    "kept-for": Promise("it is kept for"),
    "kept-at": Promise("it is kept at", Measured.WORDS),
    "kept-while": Promise("it is kept while", Measured.WORDS),
    "deleted-after": Promise("it is deleted after"),
    "named": Promise("it is named", Measured.WORDS),
    "rotated-every": Promise("it is rotated every"),
    "lasts-at-most": Promise("it lasts at most"),
    "overdue-at": Promise("it is overdue at an age of"),
    "never-changed": Promise("it is never changed, by", Measured.WORDS),
    "erased-on": Promise("it is erased on", Measured.WORDS),
    "turns-every": Promise("turns change every"),
    "covers": Promise("it is covered", Measured.WORDS),
    "objective": Promise("the objective in percent is", Measured.NUMBER),
    "how-many": Promise("there are", Measured.NUMBER),
    "found-at": Promise("it is found at", Measured.WORDS),
    "means": Promise("it means", Measured.WORDS),
}


@dataclass(frozen=True, slots=True)
class Order:
    """Of one subject, ``less`` may not be more than ``more``; ``else_`` is what follows then."""

    less: str
    more: str
    else_: str


ORDERED = (
    Order("respond", "resolve", "it is to be resolved before anybody need answer"),
    Order("war-room-at", "resolve", "the war room opens once it is resolved"),
    Order("update-every", "resolve", "no update comes before it is resolved"),
    Order("told-at", "joins-at", "they must join before they are told"),
    Order("backed-up-every", "rpo", "what was written since the last backup is more than that"),
    Order("backed-up-every", "kept-for", "the last backup is gone before the next is made"),
    Order("rotated-every", "lasts-at-most", "it expires before its turn to be rotated"),
    Order("rotated-every", "overdue-at", "it is overdue long before its turn to be rotated"),
)
"""What cannot hold at once, by arithmetic."""

OPPOSED = (
    ("deleted-after", "kept-while"),
    ("never-changed", "erased-on"),
)
"""What cannot hold at once, whatever the values."""

ANY = "any"
"""In place of a name: all of a kind that say nothing of their own, as ``secret any``."""
