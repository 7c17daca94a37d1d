"""What mutes alerts, of many at once: as each by itself, and asked for once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from operations.routing.stage import Watch
from quarterdeck.api.operations.alertmanager import alerts as answers
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.operations.routing.service import muting
from quarterdeck.operations.silences import named
from quarterdeck.operations.silences.named import ByNamed

MANY = BULK_ROWS + 100
CONFIG = {
    "route": {
        "receiver": "team",
        "routes": [{"receiver": "night", "matchers": ['severity="critical"'], "continue": True}],
    },
    "inhibit_rules": [
        # What is critical or of the core inhibits warnings, and what is of the core.
        {
            "source_matchers": ['rank=~"critical|both"'],
            "target_matchers": ['rank=~"warning|both"'],
            "equal": ["zone"],
        }
    ],
    "receivers": [{"name": "team"}, {"name": "night"}],
}
RANKS = ("critical", "warning", "both", "none")


@pytest.fixture
def watch(engine: Engine) -> Iterator[Watch]:
    """Many alerts in three zones; in zone 2 nothing is critical, and one is of both kinds."""
    watch = Watch(engine)
    watch.apply(json.dumps(CONFIG))
    labels = [
        {"rank": RANKS[n % 4], "zone": str(n % 3), "n": str(n)}
        for n in range(MANY)
        if n % 3 != 2 or n % 4 in (1, 3) or n == 2
    ]
    watch.push(*labels)
    while watch.dispatcher().beat():
        pass
    watch.silence('n=~"1.*"')
    yield watch
    watch.close()


def inhibitors(every: list[muting.Seen], one: muting.Seen) -> list[str]:
    """By the words of Alertmanager, each asked of each."""
    rank, zone = (one.alert.sign.labels[name] for name in ("rank", "zone"))
    if rank not in ("warning", "both"):
        return []
    found = [
        other.alert.fingerprint
        for other in every
        if other.alert.sign.labels["zone"] == zone
        and other.alert.sign.labels["rank"] in ("critical", "both")[: 1 if rank == "both" else 2]
    ]
    return sorted(found)[:1]


def test_each_of_many_is_muted_by_the_first_that_mutes_it(watch: Watch) -> None:
    with watch.work() as work:
        parts = list(muting.seen(work, "acme"))
        alone = [muting.seen_one(work, one.alert) for one in parts[-1][:5]]
    every = [one for part in parts for one in part]
    assert max(map(len, parts)) <= BULK_ROWS < len(every)
    assert parts[-1][:5] == alone
    for one in every:
        assert list(one.muting.inhibitors) == inhibitors(every, one)
        assert bool(one.muting.silences) is one.alert.sign.labels["n"].startswith("1")
    assert {len(one.muting.inhibitors) for one in every} == {0, 1}


def test_what_inhibits_many_is_asked_for_once(watch: Watch) -> None:
    asked: list[str] = []

    def note(_db: object, _cursor: object, words: str, *_: object) -> None:
        asked.append(words)

    event.listen(watch.engine, "before_cursor_execute", note)
    with watch.work() as work:
        list(muting.seen(work, "acme"))
    assert len([words for words in asked if "operations_alert_source" in words]) == 1


def test_the_answer_is_one_list_in_the_order_of_fingerprints(watch: Watch) -> None:
    shown = answers.shown_of([])
    assert isinstance(shown, answers.Shown)
    with watch.work() as work:
        found: list[dict[str, Any]] = json.loads(answers.listed(work, "acme", shown))
        nobody = answers.shown_of(["zone=9"])
        assert isinstance(nobody, answers.Shown)
        assert answers.listed(work, "acme", nobody) == b"[]"
    prints = [one["fingerprint"] for one in found]
    assert prints == sorted(prints)
    assert len(set(prints)) > BULK_ROWS


def test_what_follows_from_named_labels_is_worked_out_once_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(named, "MOST", 2)
    worked: list[str] = []

    def shouted(labels: Any) -> str:  # noqa: ANN401  a label set
        worked.append(labels["a"])
        return str(labels["a"]).upper()

    found = ByNamed(["a"], shouted)
    assert [found.of({"a": a, "b": str(n)}) for n, a in enumerate("xxyyzxx")] == list("XXYYZXX")
    assert worked == list("xyzx")
