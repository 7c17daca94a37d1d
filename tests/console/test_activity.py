"""What was done, in words that somebody reads at night."""

from collections import Counter

import pytest

from quarterdeck.console.activity import SAID, SEEN, activity, words_of
from quarterdeck.events import EVENTS
from quarterdeck.governance.sync.domains import domains
from quarterdeck.kernel.settings import Settings
from quarterdeck.trail.log.model import RecordView

RECORD = {
    "action": "sync:complete",
    "outcome": "success",
    "actor": {"id": "quarterdeck"},
    "resource": {"type": "run", "id": "r"},
    "occurred_at": "2026-01-02T03:04:05+00:00",
}


@pytest.mark.parametrize("action", sorted({kind.action for kind in EVENTS.values() if kind.leaf}))
def test_each_action_of_ours_reads_as_words(action: str) -> None:
    for outcome in ("success", "failure"):
        words = words_of(action, outcome)
        assert ":" not in words
        assert words[0].isupper()


def test_an_action_of_several_events_is_called_by_none_of_them() -> None:
    many = Counter(kind.action for kind in EVENTS.values() if kind.leaf)
    assert [action for action, times in many.items() if times > 1 and action not in SAID] == []


def test_some_of_them() -> None:
    assert words_of("programmes:judge", "success") == "Programme judged"
    assert words_of("oncall:ask", "success") == "On-call swap asked"
    assert words_of("slos:write", "success") == "SLO object applied"
    assert words_of("sync:complete", "failure") == "Sync failed"


def test_an_action_of_another_application_stands_as_it_is() -> None:
    assert words_of("order.paid", "success") == "order.paid"


def test_a_sync_says_what_it_counted() -> None:
    assert SEEN.keys() == set(domains(Settings()))
    for domain, words in (("costs", "22,452 cost rows seen"), ("resources", "22,452 resources")):
        payload = {"domain": domain, "seen": 22_452, "added": 7, "changed": 0, "removed": 0}
        view = RecordView(
            index=1, leaf_hash=b"", proven=True, record=RECORD, payload=payload, hidden={}
        )
        assert activity("acme", view).detail.startswith(words)
        assert activity("acme", view).detail.endswith(" seen, 7 new")
