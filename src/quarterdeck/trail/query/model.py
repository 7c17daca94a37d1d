"""Questions to a log, and what answers them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

from quarterdeck.kernel.errors import Invalid, Unavailable
from quarterdeck.trail.log.model import Checkpoint, RecordView
from quarterdeck.trail.log.record import Class, Outcome
from quarterdeck.trail.projections.model import Seen
from quarterdeck.trail.projections.token import MAX_VALUE, asked_path

MAX_WORD = 400
MAX_FIELDS = 5
MAX_PAGE = 501  # one more than a page shows, to know whether another follows
CLASSES = frozenset(map(str, Class))
OUTCOMES = frozenset(map(str, Outcome))


class QuestionInvalid(Invalid):
    """The question cannot be asked so."""


class FieldsUnavailable(Unavailable):
    """Nothing can be found by its committed fields here; every other question is answered."""


class SearchUnavailable(Unavailable):
    """Nothing can be found by its words now; every other question is answered."""


Asked = tuple[tuple[str, str], ...]
"""Path and value of committed fields."""


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """Where a record stands in time: when it occurred, and its index; both make its place."""

    at: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which records are asked for: those that are all of this. Empty: whatever.

    Attributes:
        since, until: when it occurred: from ``since`` on, before ``until``; microseconds.
        type: of the resource.
        cls: a class that a field of it has.
        correlation: its trace, its request, or what caused it.
        words: all of them stand in its clear payload, in any order.
    """

    since: int | None = None
    until: int | None = None
    actor: str = ""
    action: str = ""
    type: str = ""
    resource: str = ""
    outcome: str = ""
    cls: str = ""
    correlation: str = ""
    words: str = ""

    def __post_init__(self) -> None:
        if self.outcome and self.outcome not in OUTCOMES:
            raise QuestionInvalid(f"outcome is one of {', '.join(sorted(OUTCOMES))}")
        if self.cls and self.cls not in CLASSES:
            raise QuestionInvalid(f"class is one of {', '.join(sorted(CLASSES))}")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise QuestionInvalid("from is later than to")
        words = (self.actor, self.action, self.type, self.resource, self.correlation, self.words)
        if max(map(len, words)) > MAX_WORD:
            raise QuestionInvalid(f"a word of a question has at most {MAX_WORD} characters")
        if any(not _is_text(word) for word in words):
            raise QuestionInvalid("a word of a question has no NUL and no lone surrogate")

    @property
    def shape(self) -> str:
        """Which parts of it are given: what its cost depends on."""
        return ", ".join(self._given()) or "everything"

    @property
    def empty(self) -> bool:
        """Whether it asks for everything."""
        return not any(self._given())

    def _given(self) -> Iterator[str]:
        for one in fields(self):
            value = getattr(self, one.name)
            if value not in ("", None):
                yield one.name


def field_of(text: str) -> tuple[str, str]:
    """Path and value of ``PATH:VALUE``; a colon within the path is written ``%3A``.

    Raises:
        QuestionInvalid: no committed field can be there.
    """
    path, colon, value = text.partition(":")
    found = asked_path(path)
    if found is None or not colon:
        raise QuestionInvalid(
            "a field is asked for as PATH:VALUE, where PATH begins with /payload or /changes"
        )
    return found, value


def _is_text(word: str) -> bool:
    return "\0" not in word and not any("\ud800" <= letter <= "\udfff" for letter in word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question to one log.

    Attributes:
        fields: path and value of what a record commits to, all of them exactly so; see
            ``projections.token`` for what is exact.
        before: where the page before ended; None: from the newest on.
        limit: the most records of an answer.
        proof: the answer is to bear its multiproof.
    """

    tenant: str
    wanted: Filter = Filter()
    fields: Asked = field(default=(), repr=False)
    before: Spot | None = None
    limit: int = 50
    proof: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_PAGE:
            raise QuestionInvalid(f"limit must be 1 to {MAX_PAGE}, got {self.limit}")
        values = [value for _, value in self.fields]
        if len(values) > MAX_FIELDS or max(map(len, values), default=0) > MAX_VALUE:
            raise QuestionInvalid(
                f"at most {MAX_FIELDS} fields are asked for, each by at most {MAX_VALUE} characters"
            )
        if not all(map(_is_text, values)):
            raise QuestionInvalid("a value has no NUL and no lone surrogate")

    @property
    def shape(self) -> str:
        """Which parts of it are given: what its cost depends on."""
        if not self.fields:
            return self.wanted.shape
        return "fields" if self.wanted.empty else f"{self.wanted.shape}, fields"


def fits(wanted: Filter, one: Seen) -> bool:
    """Whether a record is asked for; ``words`` apart, which its index alone can tell."""
    exact = (
        (wanted.actor, one.actor),
        (wanted.action, one.action),
        (wanted.type, one.type),
        (wanted.resource, one.resource),
        (wanted.outcome, one.outcome),
    )
    among = ((wanted.cls, one.classes), (wanted.correlation, one.correlations))
    return (
        all(not asked or asked == said for asked, said in exact)
        and all(not asked or asked in said for asked, said in among)
        and (wanted.since is None or one.at >= wanted.since)
        and (wanted.until is None or one.at < wanted.until)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That every proven record of an answer is in the log: one multiproof for all.

    Attributes:
        indices: of the leaves that it proves, rising; those of the answer that no checkpoint
            covers yet are not among them.
        hashes: as ``trail.proof.multi`` orders them.
    """

    indices: tuple[int, ...]
    hashes: tuple[bytes, ...]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found, newest first.

    Attributes:
        last: where the answer ends, and the next page begins; None where nothing follows.
        through: leaves of the log that the read model has seen; later ones are not looked at.
        size: leaves of the log.
    """

    records: Sequence[tuple[Spot, RecordView]]
    last: Spot | None
    through: int
    size: int
    proof: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How questions of one shape have done in this process.

    Attributes:
        plan: how the slowest was answered, as the database explains it.
    """

    shape: str
    count: int
    last_ms: float
    mean_ms: float
    slowest_ms: float
    slow: int
    plan: Sequence[str]
    at: int
