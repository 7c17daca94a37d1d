"""Is what stands in a log kept as long, and where, as policy says? Judged from what was seen.

What was not seen, or does not say enough, is not known: never right, never a breach. Pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from quarterdeck.trail.policy.keeping import Residency, Retention


class Promise(StrEnum):
    """What is promised of records."""

    STORAGE = "stored-in-region"
    SOURCE = "came-from-region"
    KEPT = "purged-in-time"
    EARLY = "kept-long-enough"


class Verdict(StrEnum):
    """What is known of a promise.

    ``waiting``: records are past their time that no purge could remove yet, for they are not
    sealed and stored away: neither kept, nor broken by anybody.
    """

    HOLDS = "holds"
    BROKEN = "broken"
    UNKNOWN = "not known"
    WAITING = "waiting"
    NOT_ASKED = "not asked for"


class Mark(StrEnum):
    """What is said of one record that is not simply as it should be."""

    OUTSIDE = "outside"
    PLACELESS = "placeless"
    LATE = "late"
    WAITING = "waiting"
    HELD = "held"
    GONE = "gone"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Records that were looked at: how many bear a mark, and the index of the first of them."""

    checked: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    first: Mapping[str, int] = field(default_factory=dict)

    def number(self, mark: Mark) -> int:
        return self.counts.get(mark, 0)

    def plus(self, other: "Tally") -> "Tally":
        """Both, ``other`` later in the log."""
        names = {*self.counts, *other.counts}
        return Tally(
            checked=self.checked + other.checked,
            counts={one: self.counts.get(one, 0) + other.counts.get(one, 0) for one in names},
            first={**other.first, **self.first},
        )

    @classmethod
    def of(cls, checked: int, marks: Sequence[tuple[int, Mark]]) -> "Tally":
        """Of ``checked`` records, ``marks`` by rising index."""
        counts: dict[str, int] = {}
        first: dict[str, int] = {}
        for index, mark in marks:
            counts[mark] = counts.get(mark, 0) + 1
            first.setdefault(mark, index)
        return cls(checked=checked, counts=counts, first=first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """How far a log was looked at under one set of rules.

    Attributes:
        rules: digest of them; others begin anew.
        position: where the round stands.
        tail: up to here records were looked at as they came.
        going: of the round that goes on.
        fresh: of what came since the last round ended.
        known: of the last whole round; None: none ended under these rules.
        at: when it was looked at last, microseconds since 1970.
    """

    tenant: str
    rules: str
    position: int = 0
    tail: int = 0
    going: Tally = Tally()
    fresh: Tally = Tally()
    known: Tally | None = None
    rounds: int = 0
    at: int = 0

    def number(self, mark: Mark) -> int:
        """How many records bear ``mark``, as far as is known: never fewer than were seen."""
        whole = self.known.plus(self.fresh) if self.known else self.fresh
        return max(whole.number(mark), self.going.number(mark))

    def first(self, mark: Mark) -> int:
        """The first record that bears ``mark``; some does."""
        tallies = (self.known or Tally(), self.going, self.fresh)
        return min(one.first[mark] for one in tallies if mark in one.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One promise: what is known of it, and why."""

    promise: Promise
    verdict: Verdict
    words: str = ""
    records: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A promise that was broken.

    Attributes:
        since, until: microseconds since 1970; ``until`` None: it is broken still.
        investigation: that froze what a freeze stops.
    """

    tenant: str
    promise: Promise
    words: str
    records: int
    since: int
    until: int | None
    investigation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is asked of a tenant's records.

    Attributes:
        stores: the region of each place where they stand; empty: no setting says.
        early: purges that removed records before their time, and how many each removed.
    """

    retention: Retention
    residency: Residency
    stores: Mapping[str, str]
    early: Sequence[tuple[str, int]] = ()

    @property
    def any(self) -> bool:
        """Whether anything at all is asked of single records."""
        return bool(self.retention.days or self.residency.sources or self.residency.storage)


def judge(rules: Rules, scan: Scan, size: int) -> list[Judged]:
    """What is known of each promise, of a log of ``size`` records."""
    return [
        _storage(rules, size),
        _source(rules, scan, size),
        _kept(rules, scan, size),
        _early(rules, scan, size),
    ]


def _storage(rules: Rules, size: int) -> Judged:
    allowed = rules.residency.storage
    if not allowed:
        return Judged(promise=Promise.STORAGE, verdict=Verdict.NOT_ASKED)
    wrong = {name: at for name, at in rules.stores.items() if at and at not in allowed}
    if wrong and size:
        places = ", ".join(f"{name} in {at}" for name, at in sorted(wrong.items()))
        words = f"stored: {places}; allowed: {', '.join(sorted(allowed))}"
        return _broken(Promise.STORAGE, words, size)
    unsaid = sorted(name for name, at in rules.stores.items() if not at)
    if unsaid:
        return _unknown(Promise.STORAGE, f"no setting says the region of: {', '.join(unsaid)}")
    return Judged(promise=Promise.STORAGE, verdict=Verdict.HOLDS)


def _source(rules: Rules, scan: Scan, size: int) -> Judged:
    if not rules.residency.sources:
        return Judged(promise=Promise.SOURCE, verdict=Verdict.NOT_ASKED)
    if outside := scan.number(Mark.OUTSIDE):
        allowed = ", ".join(sorted(rules.residency.sources))
        words = f"came from elsewhere than {allowed}, the first: {scan.first(Mark.OUTSIDE)}"
        return _broken(Promise.SOURCE, words, outside)
    return _seen(Promise.SOURCE, scan, size, (Mark.PLACELESS, "do not say where they came from"))


def _kept(rules: Rules, scan: Scan, size: int) -> Judged:
    if not rules.retention.days:
        return Judged(promise=Promise.KEPT, verdict=Verdict.NOT_ASKED)
    if late := scan.number(Mark.LATE):
        words = f"kept a day or more past their time, the first: {scan.first(Mark.LATE)}"
        return _broken(Promise.KEPT, words, late)
    seen = _seen(Promise.KEPT, scan, size)
    waiting = scan.number(Mark.WAITING)
    if not waiting or seen.verdict is Verdict.UNKNOWN:
        return seen
    words = "past their time are not sealed and stored away yet: no purge can remove them"
    return Judged(promise=Promise.KEPT, verdict=Verdict.WAITING, words=words, records=waiting)


def _early(rules: Rules, scan: Scan, size: int) -> Judged:
    if rules.early:
        purges = ", ".join(purge for purge, _ in rules.early)
        # A purge knows when the last of its records was due, not when each was.
        words = f"at most: removed before their time, for good, by purge {purges}"
        return _broken(Promise.EARLY, words, sum(many for _, many in rules.early))
    if gone := scan.number(Mark.GONE):
        words = f"removed, and no purge names them, the first: {scan.first(Mark.GONE)}"
        return _broken(Promise.EARLY, words, gone)
    return _seen(Promise.EARLY, scan, size)


def _seen(promise: Promise, scan: Scan, size: int, *silent: tuple[Mark, str]) -> Judged:
    """It holds, unless something was not seen, or said too little."""
    if scan.known is None and size:
        return _unknown(promise, f"{scan.position} of {size} records looked at")
    for mark, words in (*silent, (Mark.UNREADABLE, "cannot be read")):
        if number := scan.number(mark):
            return _unknown(promise, f"{number} records {words}, the first: {scan.first(mark)}")
    return Judged(promise=promise, verdict=Verdict.HOLDS)


def _broken(promise: Promise, words: str, records: int) -> Judged:
    return Judged(promise=promise, verdict=Verdict.BROKEN, words=words, records=records)


def _unknown(promise: Promise, words: str) -> Judged:
    return Judged(promise=promise, verdict=Verdict.UNKNOWN, words=words)


def begun(judged: Collection[Judged], standing: Collection[Breach]) -> list[Judged]:
    """What is broken, and was not before."""
    known = {one.promise for one in standing}
    return [one for one in judged if one.verdict is Verdict.BROKEN and one.promise not in known]


def over(judged: Collection[Judged], standing: Collection[Breach]) -> list[Breach]:
    """Breaches that are none any more. What is not known ends none."""
    past = {
        one.promise
        for one in judged
        if one.verdict in (Verdict.HOLDS, Verdict.NOT_ASKED, Verdict.WAITING)
    }
    return [one for one in standing if one.promise in past]
