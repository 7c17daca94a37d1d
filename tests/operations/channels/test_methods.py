"""How people are reached, and when they are left alone."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel.work import Actor, TenantNotFound, begin
from quarterdeck.operations.channels.model.methods import (
    By,
    Method,
    Methods,
    MethodsChanged,
    Quiet,
    UnusableMethods,
    clock_time,
)
from quarterdeck.operations.channels.service import reaching
from quarterdeck.operations.channels.service.reaching import NoSuchMethods

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
MAIL = Method(by=By.MAIL, name="ada@acme.example")
ADA = Methods(person="ada", ways=(MAIL,))
ZONES = ("Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


def test_methods_are_said_changed_and_forgotten(engine: Engine) -> None:
    with begin(engine, installation(), lambda: NOON) as work:
        tenants.create(work, "acme", "Acme")
        made, changed = reaching.put(work, "acme", ADA, expected=0)
        assert (made.version, changed, reaching.put(work, "acme", ADA)[1]) == (1, True, False)
        quiet = Quiet(zone="Europe/Oslo", begins=time(22), ends=time(7))
        more = Methods(person="ada", ways=(MAIL, Method(by=By.CHANNEL, name="ops")), quiet=quiet)
        made, _ = reaching.put(work, "acme", more, expected=1)
        assert reaching.one(work, "acme", "ada") == made
        assert reaching.listed(work, "acme") == [made]
        with pytest.raises(MethodsChanged, match="at version 2, not 1"):
            reaching.put(work, "acme", ADA, expected=1)
        reaching.remove(work, "acme", "ada", expected=2)
        with pytest.raises(NoSuchMethods):
            reaching.one(work, "acme", "ada")
    stranger = Actor("p-1", frozenset({("channels:write", "other")}))
    with begin(engine, stranger, lambda: NOON) as work, pytest.raises(TenantNotFound):
        reaching.put(work, "acme", ADA)


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001  made aware below
    st.times(),
    st.times(),
    st.sampled_from(ZONES),
)
def test_quiet_hours_end_within_a_day_and_where_they_say(
    at: datetime, begins: time, ends: time, zone: str
) -> None:
    now = at.replace(tzinfo=UTC)
    begins, ends = begins.replace(second=0, microsecond=0), ends.replace(second=0, microsecond=0)
    if begins == ends:
        return
    quiet = Quiet(zone=zone, begins=begins, ends=ends)
    over, there = quiet.over_at(now), now.astimezone(ZoneInfo(zone)).time()
    held = begins <= there < ends if begins < ends else there >= begins or there < ends
    assert (over is not None) is held
    if over is not None:
        assert timedelta(0) <= over - now <= timedelta(hours=26)  # a clock may be put back


def test_a_night_that_a_clock_is_put_back_is_an_hour_longer() -> None:
    quiet = Quiet(zone="Europe/Oslo", begins=time(22), ends=time(7))
    before = datetime(2026, 10, 24, 21, tzinfo=UTC)  # 23 in Oslo; at 3 it is 2 again
    assert quiet.over_at(before) == datetime(2026, 10, 25, 6, tzinfo=UTC)
    assert quiet.over_at(datetime(2026, 10, 25, 6, tzinfo=UTC)) is None


def test_what_cannot_be_is_refused() -> None:
    for zone, begins, ends in (("Mars/Base", 1, 2), ("UTC", 3, 3), ("", 1, 2), ("../x", 1, 2)):
        with pytest.raises(UnusableMethods):
            Quiet(zone=zone, begins=time(begins), ends=time(ends))
    for by, name in ((By.MAIL, "nobody"), (By.CHANNEL, "No Name")):
        with pytest.raises(UnusableMethods):
            Method(by=by, name=name)
    for person, ways in (("", (MAIL,)), ("a\nb", (MAIL,)), ("ada", ()), ("ada", (MAIL, MAIL))):
        with pytest.raises(UnusableMethods):
            Methods(person=person, ways=ways)
    for text in ("7", "25:00", "22:00:00", "ab:cd"):
        with pytest.raises(UnusableMethods):
            clock_time(text)
    assert clock_time("22:30") == time(22, 30)
