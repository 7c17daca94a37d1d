"""Verdicts: three that count, two that stand apart, and what they add up to."""

from dataclasses import astuple, dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a policy says of a resource.

    ``not_known`` is no verdict and counts as none; who is exempt, or not concerned, stands
    apart and is in no score.
    """

    COMPLIANT = "compliant"
    NON_COMPLIANT = "non_compliant"
    NOT_KNOWN = "not_known"
    EXEMPT = "exempt"
    NOT_APPLICABLE = "not_applicable"


# Azure Policy, "Azure Policy compliance states": conflict, error and unknown say that the
# evaluation came to no end; protected, that a request would be refused before it matters.
_WORDS = {
    "compliant": Verdict.COMPLIANT,
    "noncompliant": Verdict.NON_COMPLIANT,
    "exempt": Verdict.EXEMPT,
    "exempted": Verdict.EXEMPT,
    "protected": Verdict.NOT_APPLICABLE,
    "notapplicable": Verdict.NOT_APPLICABLE,
}


def verdict_of(word: str, *, flag: bool | None = None) -> Verdict:
    """What the cloud's ``word`` means; a word nobody knows is ``not_known``.

    ``flag`` is the older ``isCompliant``; it speaks only where there is no word.
    """
    if word:
        return _WORDS.get(word.casefold().replace("-", ""), Verdict.NOT_KNOWN)
    if flag is None:
        return Verdict.NOT_KNOWN
    return Verdict.COMPLIANT if flag else Verdict.NON_COMPLIANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many states have each verdict. Tallies add up."""

    compliant: int = 0
    non_compliant: int = 0
    not_known: int = 0
    exempt: int = 0
    not_applicable: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        both = zip(astuple(self), astuple(other), strict=True)
        return Tally(**dict(zip(self.__slots__, (a + b for a, b in both), strict=True)))

    @property
    def total(self) -> int:
        """All states."""
        return int(sum(astuple(self)))

    @property
    def decided(self) -> int:
        """States that a score is made of."""
        return self.compliant + self.non_compliant

    @property
    def score_percent(self) -> float | None:
        """Compliant of decided states, 0 to 100, a tenth rounded down; None: none is decided.

        Down, so that 100 means all.
        """
        if not self.decided:
            return None
        return 1000 * self.compliant // self.decided / 10

    @property
    def verdict(self) -> Verdict:
        """The worst: one failure is a failure, and one unknown is no success."""
        if self.non_compliant:
            return Verdict.NON_COMPLIANT
        if self.not_known or not self.total:
            return Verdict.NOT_KNOWN
        if self.compliant:
            return Verdict.COMPLIANT
        return Verdict.EXEMPT if self.exempt else Verdict.NOT_APPLICABLE


def tally_of(counted: dict[str, int]) -> Tally:
    """A tally from counts by verdict; verdicts without any may be left out."""
    return Tally(**{str(verdict): many for verdict, many in counted.items()})
