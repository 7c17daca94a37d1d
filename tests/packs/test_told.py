"""The channels of the runbooks, as their packs have them."""

import pytest
import yaml
from sqlalchemy import Engine

from packs.test_watched import ROOT, apply
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.channels.service import keeping
from quarterdeck.packs import loader, told


def channels(engine: Engine, pack: str) -> dict[str, tuple[Kind, str]]:
    apply(engine, pack)
    with read(engine, ROOT, utc_now) as work:
        found = keeping.listed(work, pack)
    return {one.channel.name: (one.channel.kind, one.channel.shown) for one in found}


def test_cloudgov_has_a_mail_a_chat_and_a_pager(engine: Engine) -> None:
    assert channels(engine, "cloudgov") == {
        "ops-team": (Kind.EMAIL, "ops-team@company.com"),
        "cloudgov-alerts": (Kind.SLACK, "#cloudgov-alerts"),
        "cloudgov-oncall": (Kind.PAGERDUTY, "cloudgov-oncall"),
    }


def test_atp_has_its_rooms_and_a_pack_leaves_secrets_be(engine: Engine) -> None:
    found = channels(engine, "atp")
    assert found["atp-incidents"] == (Kind.SLACK, "#atp-incidents")
    assert found["atp-ops"] == (Kind.SLACK, "#atp-ops")
    assert found["atp-notifications"] == (Kind.SLACK, "#atp-notifications")
    assert found["atp-operations-team"] == (Kind.TEAMS, "ATP Operations Team")
    assert found["atp-oncall-mail"] == (Kind.EMAIL, "atp-oncall@connectsoft.com")
    with begin(engine, ROOT, utc_now) as work:
        kept = keeping.one(work, "atp", "atp-ops")
        assert "needs its secret" in kept.lacks
        text = Channel(name="atp-ops", kind=Kind.SLACK, place="#other")
        keeping.put(work, "atp", text, secret="https://hooks.slack.com/x", safe=Plain())
    apply(engine, "atp")
    with read(engine, ROOT, utc_now) as work:
        kept = keeping.one(work, "atp", "atp-ops")
    assert (kept.channel.place, kept.lacks) == ("#atp-ops", "")


def test_a_pack_may_have_a_channel_by_apprise_without_its_address(engine: Engine) -> None:
    spec = told.ChannelSpec(kind=Kind.APPRISE, place="Phones")
    with begin(engine, ROOT, utc_now) as work:
        told.put_channel(work, "_platform/phones", spec)
        assert (
            "needs its secret: an Apprise address" in keeping.one(work, "_platform", "phones").lacks
        )


class Plain:
    """A safe that seals nothing."""

    def seal(self, _tenant: str, _name: str, secret: str) -> str:
        return secret

    def open(self, _tenant: str, _name: str, sealed: str) -> str:
        return sealed


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"kind": "email"}, "has recipients"),
        ({"kind": "slack", "secret": "xoxb-1"}, "secret"),
    ],
)
def test_a_wrong_channel_is_a_finding_with_its_line(spec: dict[str, object], why: str) -> None:
    text = yaml.safe_dump({"kind": "channel", "name": "acme/ops", "spec": spec})
    head = "pack: p\ntitle: t\nsource: s\nversion: '1'\n"
    [finding] = loader.lint({"pack.yaml": head, "channels.yaml": text})
    assert (str(finding.place), why in finding.what) == ("channels.yaml:1", True)


@pytest.mark.parametrize("name", ["ops", "acme/", "/ops", "acme/ops/x"])
def test_a_channel_says_whose_it_is(engine: Engine, name: str) -> None:
    with read(engine, ROOT, utc_now) as work, pytest.raises(Invalid):
        told.channel(work, name)
