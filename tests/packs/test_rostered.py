"""On-call schedules as packs have them."""

import pytest
from sqlalchemy import Engine

from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import begin
from quarterdeck.operations.oncall.service import looking
from quarterdeck.packs import loader, rostered
from quarterdeck.packs.model import Step

ROOT = installation()
PACK = {
    "pack.yaml": "pack: mine\ntitle: Mine\nsource: ours\nversion: '1'\n",
    "oncall.yaml": """\
kind: tenant
name: acme
spec: {name: Acme}
---
kind: oncall-schedule
name: acme/primary
spec:
  zone: Europe/Berlin
  layers:
    - people: [ada@example.com, bob@example.com]
      start: 2026-01-05
      rotation: weekly
  holidays:
    - {date: 2026-12-25, name: Christmas Day}
""",
}


def test_a_schedule_comes_with_its_pack_and_the_same_again_changes_nothing(engine: Engine) -> None:
    with begin(engine, ROOT, utc_now) as work:
        loader.apply(work, PACK)
    with begin(engine, ROOT, utc_now) as work:
        kept = looking.one(work, "acme", "primary")
        assert [layer.people for layer in kept.schedule.layers] == [
            ("ada@example.com", "bob@example.com")
        ]
        assert [one.name for one in kept.schedule.holidays] == ["Christmas Day"]
        assert {one.step for one in loader.diff(work, PACK)[1]} == {Step.KEEP}
        exported = loader.export(work, "mine")
        assert {one.step for one in loader.diff(work, exported)[1]} == {Step.KEEP}
        changed = PACK["oncall.yaml"].replace("weekly", "daily")
        steps = [one.step for one in loader.diff(work, PACK | {"oncall.yaml": changed})[1]]
        assert steps == [Step.KEEP, Step.CHANGE]


def test_what_is_no_schedule_is_refused_before_it_is_applied() -> None:
    with pytest.raises(Invalid, match="since when"):
        rostered.ScheduleSpec(layers=[{"people": ["ada@example.com"]}])
