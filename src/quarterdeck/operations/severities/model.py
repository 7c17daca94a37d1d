"""A ladder of severities: what each means, how soon somebody answers, what follows. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.text import is_storable

WORD = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
MAX_TEXT, MAX_MANY = 500, 100
LONGEST_MIN = 366 * 24 * 60
ROLES = ("ic", "tl", "cl", "scribe")


class UnusableLadder(Invalid):
    """A ladder of severities that cannot be kept; the message says which part, and why."""


class UnknownSeverity(Invalid):
    """The ladder has no such severity."""


class UnknownWord(Invalid):
    """The matrix has no such impact, urgency or flag, or the ladder no such kind of incident."""


class Flag(StrEnum):
    """What is true of an incident besides how bad it is."""

    INTEGRITY = "integrity"
    SECURITY = "security"
    DATA_LOSS = "data-loss"
    TENANT_LEAK = "tenant-leak"
    COMPLIANCE = "compliance"
    CUSTOMER_IMPACT = "customer-impact"
    MAJOR_OUTAGE = "major-outage"


class Notice(StrEnum):
    """Who is told of an incident without asking."""

    CUSTOMERS = "customers"
    INTERNAL = "internal"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Severity:
    """One severity, and what follows from it.

    Attributes:
        aliases: other words for it: ``P1``, ``critical``.
        respond_min, resolve_min: within how many minutes; None: as well as one can.
        policy: by which escalation policy somebody is paged; empty: nobody is.
        channels: which channels of the tenant are told.
        priority: of its ticket: ``urgent``, ``backlog``.
        assignee: whether somebody must be assigned.
        war_room_min: minutes until a war room opens by itself; 0: at once; None: never.
        update_min: minutes between updates; None: told when it is resolved.
        notice: who is told, and ``notice_min`` after how many minutes customers are.
        freeze: whether deployments are refused while it is open.
        team: by role (ic, tl, cl, scribe), the on-call schedule whose turn has it at first.
    """

    name: str
    title: str
    definition: str = ""
    aliases: tuple[str, ...] = ()
    respond_min: int | None = None
    resolve_min: int | None = None
    policy: str = ""
    channels: tuple[str, ...] = ()
    ticket: bool = True
    priority: str = ""
    assignee: bool = False
    war_room_min: int | None = None
    update_min: int | None = None
    notice: Notice = Notice.NONE
    notice_min: int = 0
    freeze: bool = False
    team: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for word in (self.name, *self.aliases, *self.channels):
            _check_word(word)
        _check_text("title", self.title, least=1)
        for text in (self.definition, self.policy, self.priority):
            _check_text(f"what {self.name} says", text)
        spans = (self.respond_min, self.resolve_min, self.update_min)
        for minutes in (*spans, self.war_room_min, self.notice_min):
            if minutes is not None and not 0 <= minutes <= LONGEST_MIN:
                raise UnusableLadder(f"{self.name}: minutes are 0 to {LONGEST_MIN}")
        if wrong := sorted({*self.team} - {*ROLES}):
            raise UnusableLadder(f"no role {wrong[0]!r}; there are {', '.join(ROLES)}")
        if self.update_min == 0:
            raise UnusableLadder(f"{self.name}: update_min is at least 1")

    def answers_to(self, word: str) -> bool:
        """Whether ``word`` is its name or an alias, in whatever case."""
        return word.strip().casefold() in {one.casefold() for one in (self.name, *self.aliases)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An incident that is of a severity; the matrix must say so too."""

    text: str
    severity: str
    impact: str
    urgency: str
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to do; ``within_min`` minutes from the beginning, if that is said."""

    text: str
    within_min: int | None = None

    def __post_init__(self) -> None:
        _check_text("a task", self.text, least=1)
        if self.within_min is not None and not 0 <= self.within_min <= LONGEST_MIN:
            raise UnusableLadder(f"a task is done within 0 to {LONGEST_MIN} minutes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of incident: what to do first, and how bad it is to begin with.

    Attributes:
        severity: of its incidents, unless ``by`` says another for the severity of the
            violation, or alert, that began it.
        triggers: types of alerts that are of this kind.
        declares: whether such an alert opens an incident by itself.
        runbook: where the steps stand: an address, or a runbook's name.
    """

    name: str
    title: str
    severity: str
    by: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    triggers: tuple[str, ...] = ()
    declares: bool = False
    checklist: tuple[Task, ...] = ()
    runbook: str = ""

    def __post_init__(self) -> None:
        _check_word(self.name)
        _check_text("title", self.title, least=1)
        _check_text("runbook", self.runbook)
        for word in self.triggers:
            _check_text("a trigger", word, least=1)
        if max(len(self.checklist), len(self.triggers), len(self.by)) > MAX_MANY:
            raise UnusableLadder(f"{self.name} has at most {MAX_MANY} of each")

    def severity_for(self, violation: str) -> str:
        """How bad it is, after the severity of what began it."""
        return self.by.get(violation.casefold(), self.severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How bad something is, and why that was said."""

    severity: Severity
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """A tenant's severities, the worst first, and how to find which one it is.

    Attributes:
        impacts, urgencies: the words of the matrix, each with what it means, the worst first.
        matrix: by impact and urgency, the name of a severity.
        flags: what is at least of which severity, whatever the matrix says.
        kinds: of incidents.
    """

    severities: tuple[Severity, ...]
    impacts: Mapping[str, str] = field(default_factory=dict)
    urgencies: Mapping[str, str] = field(default_factory=dict)
    matrix: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    flags: Mapping[Flag, str] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    kinds: tuple[Kind, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.severities) <= MAX_MANY:
            raise UnusableLadder(f"a ladder has 1 to {MAX_MANY} severities")
        _check_once("severity", [w for one in self.severities for w in (one.name, *one.aliases)])
        _check_once("kind", [one.name for one in self.kinds])
        if max(len(self.kinds), len(self.examples)) > MAX_MANY:
            raise UnusableLadder(f"a ladder has at most {MAX_MANY} kinds, and examples")
        self._check_matrix()
        self._check_names()
        for example in self.examples:
            self._check_example(example)

    def named(self, word: str) -> Severity | None:
        """The severity of that name or alias, in whatever case."""
        return next((one for one in self.severities if one.answers_to(word)), None)

    def severity(self, word: str) -> Severity:
        """As ``named``; raise UnknownSeverity, which says what there is."""
        found = self.named(word)
        if found is None:
            words = ", ".join("/".join((one.name, *one.aliases)) for one in self.severities)
            raise UnknownSeverity(f"no severity {word[:80]!r}; there are {words}")
        return found

    def kind(self, word: str) -> Kind:
        """The kind of incident of that name; raise UnknownWord."""
        found = next((one for one in self.kinds if one.name == word), None)
        if found is None:
            raise UnknownWord(f"no kind {word[:80]!r}; {_among(one.name for one in self.kinds)}")
        return found

    def kind_of(self, alert_type: str) -> Kind | None:
        """The first kind that alerts of a type are of."""
        return next((one for one in self.kinds if alert_type in one.triggers), None)

    def rank(self, name: str) -> int:
        """0 for the worst; one that is not on the ladder is after all others."""
        names = [one.name for one in self.severities]
        return names.index(name) if name in names else len(names)

    def classify(self, impact: str, urgency: str, flags: Iterable[Flag] = ()) -> Verdict:
        """How bad it is: what the matrix says, or worse where a flag demands it."""
        for word, known, what in (
            (impact, self.impacts, "impact"),
            (urgency, self.urgencies, "urgency"),
        ):
            if word not in known:
                raise UnknownWord(f"no {what} {word[:80]!r}; {_among(known)}")
        name = self.matrix[impact][urgency]
        because = f"impact {impact}, urgency {urgency}"
        raised = self.proposed(name, flags)
        return raised or Verdict(severity=self.severity(name), because=because)

    def proposed(self, now: str, flags: Iterable[Flag]) -> Verdict | None:
        """A worse severity than ``now`` that one of ``flags`` demands, if one does."""
        demanded = [(self.rank(self.flags[flag]), flag) for flag in flags if flag in self.flags]
        rank, flag = min(demanded, default=(self.rank(now), None))
        if flag is None or rank >= self.rank(now):
            return None
        return Verdict(
            severity=self.severities[rank],
            because=f"{flag.value} is at least {self.severities[rank].name}",
        )

    def _check_matrix(self) -> None:
        if set(self.matrix) != set(self.impacts):
            raise UnusableLadder("the matrix has one row for each impact")
        for impact, row in self.matrix.items():
            if set(row) != set(self.urgencies):
                raise UnusableLadder(f"the matrix has, at {impact}, one word for each urgency")
        for word, meaning in (*self.impacts.items(), *self.urgencies.items()):
            _check_word(word)
            _check_text(f"what {word} means", meaning)

    def _check_names(self) -> None:
        named = {one.name for one in self.severities}
        said = [name for row in self.matrix.values() for name in row.values()]
        said += self.flags.values()
        said += [name for kind in self.kinds for name in (kind.severity, *kind.by.values())]
        if wrong := sorted({*said} - named):
            raise UnusableLadder(f"no severity {wrong[0]!r}; {_among(named)}")

    def _check_example(self, example: Example) -> None:
        found = self.classify(example.impact, example.urgency, example.flags)
        if found.severity.name != example.severity:
            raise UnusableLadder(
                f"the example {example.text[:80]!r} is {example.severity}, "
                f"the matrix says {found.severity.name}: {found.because}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A ladder as it stands: who wrote it so, and when; version 0 is the house's own."""

    tenant: str
    version: int
    by: str
    at: datetime | None
    ladder: Ladder


def _among(words: Iterable[str]) -> str:
    found = ", ".join(words)
    return f"there are {found}" if found else "there is none"


def _check_once(what: str, words: Iterable[str]) -> None:
    seen: set[str] = set()
    for word in words:
        if word.casefold() in seen:
            raise UnusableLadder(f"the {what} {word!r} stands twice")
        seen.add(word.casefold())


def _check_word(word: str) -> None:
    if not WORD.fullmatch(word.removeprefix("#")):
        raise UnusableLadder(
            f"{word[:80]!r} is no name; expected letters, digits, dots and dashes, at most 64"
        )


def _check_text(what: str, text: str, *, least: int = 0) -> None:
    if not least <= len(text.strip()) or len(text) > MAX_TEXT:
        raise UnusableLadder(f"{what} has {least} to {MAX_TEXT} characters")
    if not is_storable(text) or "\n" in text:
        raise UnusableLadder(f"{what} must be one line, without NUL and lone surrogates")
