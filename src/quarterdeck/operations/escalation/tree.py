"""Decision trees: questions that end in a level, or in none. Pure.

::

    decide:
      ask: Is the platform down?
      answers:
        yes: L2
        no: {ask: Is there a workaround?, answers: {yes: none, no: L1}}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quarterdeck.operations.escalation.model.faults import UnusableEscalation

NONE = "none"
DEEPEST, MOST_ANSWERS, LONGEST = 20, 20, 500
WORDS: dict[object, str] = {True: "yes", False: "no"}  # as YAML 1.1 takes them


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a walk stands.

    Attributes:
        ask: the next question; empty where it is decided.
        answers: to choose one from.
        level: the level that it ends in; ``none``: nobody is told; empty: not decided yet.
    """

    ask: str = ""
    answers: tuple[str, ...] = ()
    level: str = ""


def checked(found: object, levels: Sequence[str], depth: int = 0) -> Any:  # noqa: ANN401  a tree
    """A tree as it is kept; raise UnusableEscalation where it ends in no level, or does not end."""
    if found is None and depth == 0:
        return None
    if isinstance(found, str):
        if found not in (*levels, NONE):
            raise UnusableEscalation(f"decide ends in {found[:80]!r}: no level, nor {NONE}")
        return found
    if depth >= DEEPEST:
        raise UnusableEscalation(f"decide is deeper than {DEEPEST} questions")
    ask, answers = _question(found)
    return {
        "ask": ask,
        "answers": {
            WORDS.get(word, str(word)): checked(next_, levels, depth + 1)
            for word, next_ in answers.items()
        },
    }


def walked(found: Any, answers: Sequence[str]) -> Decision:  # noqa: ANN401  a tree
    """Where these answers lead, one after the other; raise UnusableEscalation where one is none."""
    for answer in answers:
        if not isinstance(found, Mapping):
            raise UnusableEscalation(f"it is decided before {answer[:80]!r}", "#/answers")
        known = {word.lower(): next_ for word, next_ in found["answers"].items()}
        if answer.strip().lower() not in known:
            raise UnusableEscalation(
                f"{found['ask']} expects {', '.join(found['answers'])}, got {answer[:80]!r}",
                "#/answers",
            )
        found = known[answer.strip().lower()]
    if isinstance(found, str):
        return Decision(level=found)
    return Decision(ask=found["ask"], answers=tuple(found["answers"]))


def _question(found: object) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(found, Mapping) or set(found) != {"ask", "answers"}:
        raise UnusableEscalation("a question of decide has ask and answers, and nothing else")
    ask, answers = found["ask"], found["answers"]
    if not isinstance(ask, str) or not 1 <= len(ask.strip()) <= LONGEST:
        raise UnusableEscalation(f"a question of decide has 1 to {LONGEST} characters")
    if not isinstance(answers, Mapping) or not 1 <= len(answers) <= MOST_ANSWERS:
        raise UnusableEscalation(f"a question of decide has 1 to {MOST_ANSWERS} answers")
    return ask, answers
