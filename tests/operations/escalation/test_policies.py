"""Policies: how they are written, what is refused, and how they change."""

from datetime import timedelta
from pathlib import Path

import pytest

from operations.escalation.stage import POLICY, Desk
from operations.oncall.stage import ROOT
from quarterdeck.kernel.work import MissingPermission, TenantNotFound
from quarterdeck.operations.escalation.document import kept, read, text_of, written
from quarterdeck.operations.escalation.model.faults import (
    EscalationChanged,
    NoSuchEscalation,
    UnusableEscalation,
)
from quarterdeck.operations.escalation.model.policy import Kind
from quarterdeck.operations.escalation.service import linting, policies

ONE = "levels: [{name: L1, targets: [mail a@example.com], notify_at: 0}]\n"


@pytest.mark.census("AG-109")
def test_the_escalation_path_of_runbook_000_loads_as_it_is_written(shared_data: Path) -> None:
    [book] = (shared_data / "spec" / "runbooks").glob("000_*.txt")
    lines = book.read_text().splitlines()
    start = lines.index("escalation_path:")
    policy = read("\n".join(lines[start : lines.index("```", start)])).policy("path")
    assert [(one.name, one.title) for one in policy.levels] == [
        ("L1", "Platform Support"),
        ("L2", "DevOps Manager"),
        ("L3", "VP Engineering"),
    ]
    first = policy.levels[0]
    assert [(one.kind, one.name) for one in first.targets] == [
        (Kind.MAIL, "platform-support@company.com"),
        (Kind.PHONE, "+1-XXX-XXX-XXXX"),
    ]
    minutes = [one.engaged("SEV-1", frozenset()) for one in policy.levels]
    assert minutes == [timedelta(0), timedelta(minutes=15), timedelta(minutes=75)]
    assert dict(policy.external) == {
        "microsoft support portal": (
            "https://portal.azure.com/#blade/Microsoft_Azure_Support/HelpAndSupportBlade"
        ),
        "microsoft support severity a response": "1 hour",
    }


def test_what_is_written_is_read_again_as_the_same() -> None:
    spec = read(POLICY)
    assert read(written(spec)) == spec
    assert kept(text_of(spec)) == spec
    assert spec.policy("x").levels[1].engage_at == {
        "SEV-1": timedelta(minutes=30),
        "SEV-2": timedelta(hours=1),
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("levels: []", "1 to 20 levels"),
        ("", "nothing in it"),
        ("levels: [{name: L1, targets: [], notify_at: 0}]", "tells nobody"),
        ("levels: [{name: L1, targets: [mail a@b.c]}]", "never told"),
        ("levels: [{name: L1, targets: [smoke hill], notify_at: 0}]", "no target"),
        ("levels: [{name: L1, targets: [mail a@b.c], notify_at: {SEV-9: 0}}]", "no severity"),
        ("levels: [{name: L1, targets: [mail a@b.c], notify_at: soon}]", "expected a span"),
        (
            "levels: [{name: L1, targets: [mail a@b.c], notify_at: 5m, engage_at: 1m}]",
            "joins at any before it is told",
        ),
        (
            (
                "levels: [{name: L1, targets: [mail a@b.c], engage_at: 1h}, "
                "{name: L2, targets: [mail a@b.c], engage_at: {SEV-1: 30m}}]"
            ),
            "engage_at of L2 at SEV-1 is before L1",
        ),
        (
            "levels: [{name: L1, targets: [mail a@b.c], notify_at: 0, repeat_every: 5m}]",
            "go together",
        ),
        ("levels: [{name: L1, targets: [mail a@b.c], notify_at: 0, note: [x]}]", "note"),
        (ONE + "unknown: 1", "unknown"),
        (ONE + "decide: L2", "no level, nor none"),
        (ONE + "decide: {ask: Is it?, answers: {}}", "1 to 20 answers"),
        (ONE + "escalation_path: {level_1: {contact: a@b.c}}", "twice"),
        ("escalation_path: {first: {contact: a@b.c}}", "neither level_1"),
        ("escalation_path: {level_1: {contact: a@b.c, fax: 1}}", "none of name"),
    ],
)
def test_what_cannot_be_is_refused(text: str, why: str) -> None:
    with pytest.raises(UnusableEscalation, match=why):
        read(text)


def test_a_policy_is_applied_changed_deleted_and_put_back(desk: Desk) -> None:
    with desk.stage.work() as work:
        made, changed = policies.apply(work, "acme", "p", ONE, expected=0)
        assert (made.version.version, changed) == (1, True)
        assert policies.apply(work, "acme", "p", ONE)[1] is False
        policies.apply(work, "acme", "p", POLICY, why="three levels", expected=1)
        for stale in (0, 1, 3):
            with pytest.raises(EscalationChanged, match="at version 2, not"):
                policies.apply(work, "acme", "p", ONE, expected=stale)
        policies.delete(work, "acme", "p", expected=2)
        with pytest.raises(NoSuchEscalation, match="escalation list"):
            policies.one(work, "acme", "p")
        back = policies.put_back(work, "acme", "p", 1)
        assert (back.version.version, len(back.policy.levels)) == (4, 1)
        hows = [one.how for one in policies.history(work, "acme", "p")]
        assert hows == ["put back to 1", "deleted", "applied", "applied"]
        assert [one.version.name for one in policies.listed(work, "acme")] == ["incidents", "p"]


def test_a_policy_that_comes_back_to_itself_is_refused(desk: Desk) -> None:
    with desk.stage.work() as work:
        with pytest.raises(UnusableEscalation, match="itself"):
            policies.apply(work, "acme", "a", f"{ONE}then: a\n")
        policies.apply(work, "acme", "a", f"{ONE}then: b\nthen_after: 1h\n")
        policies.apply(work, "acme", "b", f"{ONE}then: c\nthen_after: 1h\n")
        with pytest.raises(UnusableEscalation, match="c > a > b > c"):
            policies.apply(work, "acme", "c", f"{ONE}then: a\n")
        found, _ = policies.apply(work, "acme", "d", f"{ONE}then: gone\n")
        assert linting.notes(work, "acme", found.policy) == ["then: no policy 'gone'"]


def test_what_a_policy_names_and_is_not_there_is_said(desk: Desk) -> None:
    text = (
        "levels: [{name: L1, notify_at: 0, targets: [schedule primary, schedule gone,"
        " contact gone, person eve@example.com, phone +1]}]"
    )
    with desk.stage.look(ROOT) as work:
        notes = linting.notes(work, "acme", read(text).policy("p"))
    assert notes == [
        "L1: no schedule 'gone'",
        "L1: no contact 'gone'",
        "L1: eve@example.com is not known",
        "L1: no telephone is dialled from here: +1 is only written down",
    ]


def test_nobody_writes_anothers_policies(desk: Desk) -> None:
    eve = desk.stage.actor("eve", "escalation:read")
    with desk.stage.work(eve) as work:
        assert policies.one(work, "acme", "incidents").version.version == 1
        with pytest.raises(MissingPermission):
            policies.apply(work, "acme", "incidents", "nonsense")
        with pytest.raises((TenantNotFound, MissingPermission)):
            policies.one(work, "other", "incidents")


def test_a_decision_tree_ends_in_a_level_or_in_none(desk: Desk) -> None:
    tree = (
        "decide: {ask: Down?, answers: {yes: L1, no: {ask: Slow?, answers: {yes: L1, no: none}}}}"
    )
    with desk.stage.work() as work:
        policies.apply(work, "acme", "p", f"{ONE}{tree}\n")
        first = policies.decide(work, "acme", "p", [])
        assert (first.ask, first.answers, first.level) == ("Down?", ("yes", "no"), "")
        assert policies.decide(work, "acme", "p", ["Yes"]).level == "L1"
        assert policies.decide(work, "acme", "p", ["no", "no"]).level == "none"
        for wrong, why in ((["maybe"], "expects yes, no"), (["yes", "no"], "is decided")):
            with pytest.raises(UnusableEscalation, match=why):
                policies.decide(work, "acme", "p", wrong)
        with pytest.raises(NoSuchEscalation, match="no decision tree"):
            policies.decide(work, "acme", "incidents", [])
