"""Names that policy uses, and whether anything has them."""

import pytest
from sqlalchemy import Engine

from packs.test_contradictions import lint, only
from packs.test_watched import ROOT, SHIPPED
from packs.written import SEVERITY, item, ladder, pack
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Forbidden
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.packs import loader
from quarterdeck.packs.model import Grade
from quarterdeck.packs.reading import files_of

CHANNEL = item("channel", "acme/ops", kind="slack", place="#ops")
TOLD = SEVERITY | {"channels": ["ops"]}


@pytest.mark.parametrize(
    ("text", "named", "line"),
    [
        (ladder(TOLD), "channel acme/ops", 10),
        (ladder(SEVERITY | {"policy": "pager"}), "escalation_policy acme/pager", 9),
        (ladder(SEVERITY | {"team": {"ic": "boss"}}), "oncall-schedule acme/boss", 10),
        (
            item(
                "escalation_policy",
                "acme/p",
                levels=[{"name": "L1", "targets": ["contact desk"], "notify_at": "0"}],
            ),
            "contact acme/desk",
            7,
        ),
        (
            item(
                "routing",
                "acme",
                route={"receiver": "all"},
                receivers=[{"name": "all", "channel_configs": [{"channel": "ops"}]}],
            ),
            "channel acme/ops",
            9,
        ),
        (
            item("audience", "acme/a", title="t", subject="s", text="x", contacts=["boss"]),
            "contact acme/boss",
            8,
        ),
        (item("service", "acme/prod/api", depends_on=["db"]), "service acme/prod/db", 5),
        (item("rate_limit", "other", per_minute=1, burst=1), "tenant other", 1),
    ],
)
def test_a_name_that_nothing_has_is_found_where_it_stands(text: str, named: str, line: int) -> None:
    one = only(lint(a=text))
    assert (one.what, str(one.place)) == (f"there is no {named}", f"a.yaml:{line}")
    assert (one.grade, one.key) == (Grade.WARNING, f"missing {named}")


def test_a_name_that_the_pack_or_the_platform_has_is_none() -> None:
    assert lint(a=ladder(TOLD), b=CHANNEL) == []
    assert lint(a=ladder(TOLD), b=CHANNEL.replace("acme", "_platform")) == []


def test_the_platforms_contact_is_none_that_an_audience_of_a_tenant_can_name() -> None:
    one = item("audience", "acme/a", title="t", subject="s", text="x", contacts=["boss"])
    way = [{"means": "mail", "address": "boss@example.com"}]
    boss = item("contact", "_platform/boss", title="B", section="stakeholder", channels=way)
    assert only(lint(a=one, b=boss)).what == "there is no contact acme/boss"
    assert lint(a=one, b=boss.replace("_platform", "acme")) == []


def test_a_severity_that_the_ladder_does_not_know_is_found() -> None:
    level = {"name": "L1", "targets": ["phone 1"], "notify_at": {"SEV-1": "0", "P3": "1h"}}
    policy = item("escalation_policy", "acme/p", levels=[level])
    one = only(lint(a=ladder(SEVERITY), b=policy))
    assert one.what == "the ladder of acme has no severity P3; it has SEV-1"
    assert [str(at) for at in one.places] == ["b.yaml:10", "a.yaml:4"]


def test_what_the_installation_has_may_be_named(engine: Engine) -> None:
    with begin(engine, ROOT, utc_now) as work:
        loader.apply(work, pack(b=CHANNEL))
        assert loader.looked_at(work, pack(a=ladder(TOLD)))[1] == []


def test_who_may_not_see_packs_is_told_nothing_of_what_stands(engine: Engine) -> None:
    with pytest.raises(Forbidden), read(engine, Actor("nobody", frozenset()), utc_now) as work:
        loader.looked_at(work, pack())


def test_the_packs_of_the_runbooks_name_schedules_that_people_write() -> None:
    found = {
        one.key
        for name in ("azure-governance", "cloudgov", "banking", "phoenix", "atp")
        for one in loader.lint(files_of(SHIPPED / name))
        if one.key.startswith("missing")
    }
    assert {key.split()[1] for key in found} == {"oncall-schedule"}
