"""Schedules as people change them: each change a version, who and why, and any put back."""

from dataclasses import replace

import pytest

from operations.oncall.stage import DAY, NOON, PRIMARY, Stage
from quarterdeck.access.principals import service as principals
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound, Tenants
from quarterdeck.operations.oncall import store
from quarterdeck.operations.oncall.model.faults import (
    NoSuchSchedule,
    ScheduleChanged,
    UnusableSchedule,
)
from quarterdeck.operations.oncall.service import looking, writing


def test_each_change_is_a_version_and_any_can_be_put_back(stage: Stage) -> None:
    first = stage.apply()
    assert (first.kept.version, first.changed, first.notes) == (1, True, [])
    assert not stage.apply().changed  # the same again is no change
    stage.apply(PRIMARY.replace("[ada@example.com, ", "["))
    with stage.work() as work:
        assert writing.put_back(work, "acme", "primary", 1, why="too few").version == 3
        assert writing.put_back(work, "acme", "primary", 1).version == 3  # it is so already
    with stage.look() as work:
        history = looking.history(work, "acme", "primary")
        assert looking.one(work, "acme", "primary").schedule == first.kept.schedule
    assert [(one.version, one.how, one.why) for one in history] == [
        (3, "put back to 1", "too few"),
        (2, "applied", ""),
        (1, "applied", ""),
    ]
    assert stage.facts() == ["OncallScheduleApplied"] * 3


def test_what_was_deleted_is_gone_and_can_be_put_back(stage: Stage) -> None:
    stage.apply()
    with stage.work() as work:
        writing.delete(work, "acme", "primary", why="a new plan")
    with stage.look() as work:
        assert looking.listed(work) == []
        assert looking.history(work, "acme", "primary")[0].how == "deleted"
        with pytest.raises(NoSuchSchedule, match="oncall list"):
            looking.one(work, "acme", "primary")
    with stage.work() as work:
        assert writing.put_back(work, "acme", "primary", 1).version == 3
        assert len(looking.listed(work, "acme")) == 1
        with pytest.raises(NoSuchSchedule, match="no version 9"):
            writing.put_back(work, "acme", "primary", 9)
        with pytest.raises(NoSuchSchedule):
            looking.history(work, "acme", "none")


def test_those_that_were_deleted_are_listed_once_until_they_are_put_back(stage: Stage) -> None:
    for name in ("primary", "secondary", "primary"):
        stage.apply(name=name)
        stage.pass_time(hours=1)
        with stage.work() as work:
            writing.delete(work, "acme", name)
    with stage.look() as work:
        found = looking.deleted(work)
        assert [(one.schedule.name, one.version) for one in found] == [
            ("primary", 4),
            ("secondary", 2),
        ]
        assert looking.deleted(work, "other") == []
    with stage.work() as work:
        writing.put_back(work, "acme", "primary", 3)
        assert [one.schedule.name for one in looking.deleted(work)] == ["secondary"]


def test_of_two_who_write_the_same_version_one_is_told(stage: Stage) -> None:
    stage.apply()
    own = Tenants(frozenset({"acme"}))
    with stage.work() as work:
        [made] = looking.history(work, "acme", "primary")
        other = replace(made, schedule=replace(made.schedule, description="another"))
        assert not store.add(work.db, own, other)
        assert looking.one(work, "acme", "primary").schedule == made.schedule


def test_a_stale_writer_is_refused_and_told_the_version_and_changes_nothing(stage: Stage) -> None:
    with stage.work() as work:
        writing.apply(work, "acme", "primary", PRIMARY, expected=0)
    other = PRIMARY.replace("first", "second")
    for expected in (0, 2):
        with pytest.raises(ScheduleChanged, match="is at version 1") as refusal, stage.work() as w:
            writing.apply(w, "acme", "primary", other, expected=expected)
        assert isinstance(refusal.value, Conflict)
    with pytest.raises(ScheduleChanged), stage.work() as work:
        writing.delete(work, "acme", "primary", expected=2)
    with pytest.raises(ScheduleChanged), stage.work() as work:
        writing.put_back(work, "acme", "primary", 1, expected=2)
    with pytest.raises(ScheduleChanged, match="there is no schedule"), stage.work() as work:
        writing.apply(work, "acme", "secondary", PRIMARY, expected=1)
    with stage.look() as work:
        assert looking.one(work, "acme", "primary").version == 1


def test_only_those_who_may_write_do_and_nobody_sees_anothers(stage: Stage) -> None:
    stage.apply()
    reader = stage.actor("ada", "oncall:read")
    with pytest.raises(MissingPermission), stage.work(reader) as work:
        writing.apply(work, "acme", "primary", PRIMARY)
    eve = Actor("eve", frozenset({("oncall:write", "other"), ("oncall:read", "other")}))
    with stage.look(eve) as work:
        assert looking.listed(work) == []
        with pytest.raises(TenantNotFound):
            looking.one(work, "acme", "primary")
    with pytest.raises(TenantNotFound), stage.work(eve) as work:
        writing.delete(work, "acme", "primary")
    with stage.work() as work:
        tenants.archive(work, "acme")
    with pytest.raises(Conflict), stage.work() as work:
        writing.apply(work, "acme", "primary", PRIMARY)


def test_whoever_cannot_be_woken_is_said_to_be_so(stage: Stage) -> None:
    # eve is another tenant's: nobody learns that she is anywhere
    said = PRIMARY.replace("bob@", "eve@").replace("[", "[zoe, ")
    assert stage.apply(said).notes == ["zoe is not known", "eve@example.com is not known"]
    with stage.work() as work:
        principals.disable(work, stage.people["ada"].id)
    assert "ada@example.com is shut out" in stage.apply(said).notes
    with stage.look() as work:
        [found] = looking.standings(work)
    assert (found.duty.person, found.sound) == ("zoe", False)
    assert [(one.word, one.known.value) for one in found.strangers] == [
        ("zoe", "not known"),
        ("ada@example.com", "shut out"),
        ("eve@example.com", "not known"),
    ]


def test_overrides_stay_when_a_schedule_is_written_anew_until_they_are_over(stage: Stage) -> None:
    stage.apply()
    stage.override("bob@example.com", NOON, NOON + DAY)
    assert len(stage.apply(PRIMARY.replace("first", "now")).kept.schedule.overrides) == 1
    stage.pass_time(days=2)
    assert stage.apply(PRIMARY).kept.schedule.overrides == ()


def test_a_tenant_has_so_many_schedules_and_reasons_are_short(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST", 1)
    stage.apply()
    with pytest.raises(UnusableSchedule, match="at most 1 schedules"):
        stage.apply(name="secondary")
    with pytest.raises(UnusableSchedule, match="a reason has"), stage.work() as work:
        writing.delete(work, "acme", "primary", why="x" * 2001)
