"""What the trail does because of an incident, in words for its timeline."""

from collections.abc import Callable, Mapping

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.service import suspecting


def _frozen(work: Work, fact: Fact) -> None:
    said = fact.payload
    words = f"Nothing is accepted into {_log(fact)}: investigation {said['investigation']}"
    suspecting.placed(work, fact, _investigation(fact), words, "/trail/integrity")


def _lifted(work: Work, fact: Fact) -> None:
    said = fact.payload
    how = f", {said['result']}: {said['root_cause']}"
    suspecting.followed(
        work, fact, _investigation(fact), f"Investigation of {_log(fact)} ended", how
    )


def _released(work: Work, fact: Fact) -> None:
    words = f"Evidence of investigation {fact.payload['investigation']} held no longer"
    suspecting.followed(work, fact, _investigation(fact), words)


def _held(work: Work, fact: Fact) -> None:
    hold = fact.payload["hold"]
    words = f"Evidence held: all records of {_log(fact)}, hold {hold}"
    if not suspecting.placed(work, fact, f"hold/{hold}", words, f"/trail/holds/{hold}"):
        _hold(work, fact, "stays")


def _asked(work: Work, fact: Fact) -> None:
    _hold(work, fact, "is to be released, once another agrees")


def _let_go(work: Work, fact: Fact) -> None:
    _hold(work, fact, "released")


def _hold(work: Work, fact: Fact, what: str) -> None:
    said = fact.payload
    words = f"Hold {said['hold']} {what}"
    suspecting.followed(work, fact, f"hold/{said['hold']}", words, f": {said['reason']}")


def _investigation(fact: Fact) -> str:
    return f"investigation/{fact.payload['investigation']}"


def _log(fact: Fact) -> str:
    return "any log" if fact.tenant == PLATFORM else f"the trail of {fact.tenant}"


HEARS: Mapping[str, Callable[[Work, Fact], None]] = {
    "FreezePlaced": _frozen,
    "FreezeLifted": _lifted,
    "EvidenceReleased": _released,
    "HoldPlaced": _held,
    "HoldReleaseAsked": _asked,
    "HoldReleased": _let_go,
}
"""By the name of the fact: what it means to the incident that it was done for."""
