"""Yes, no, or not known: Kleene's three-valued logic, and an answer with its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What is known of a yes-or-no question. "Could not read" is never a no."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A verdict, and why: the policy that decides, or what is missing to know."""

    verdict: Verdict
    why: str = ""


def of(true: bool) -> Verdict:  # noqa: FBT001  that is the question
    """The verdict of what is known."""
    return Verdict.YES if true else Verdict.NO


def opposite(one: Verdict) -> Verdict:
    """Not."""
    return {Verdict.YES: Verdict.NO, Verdict.NO: Verdict.YES}.get(one, Verdict.NOT_KNOWN)


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Or: one yes decides, whatever else is not known; of none, no."""
    found = set(verdicts)
    if Verdict.YES in found:
        return Verdict.YES
    return Verdict.NOT_KNOWN if Verdict.NOT_KNOWN in found else Verdict.NO


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """And: one no decides, whatever else is not known; of none, yes."""
    return opposite(any_of(opposite(one) for one in verdicts))
