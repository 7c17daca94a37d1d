"""Who hears of alerts, as packs have it."""

import pytest
from sqlalchemy import Engine

from packs.test_watched import ROOT, apply
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.routing.model import Config, Handed, RoutingInvalid
from quarterdeck.operations.routing.service import configuring
from quarterdeck.packs import loader, routed
from quarterdeck.packs.model import Step

CRITICAL = ["atp-pager", "atp-incidents", "atp-oncall-mail", "atp-tickets"]


def heard(config: Config, name: str) -> list[str]:
    found = config.receivers[name].webhooks
    return [one.to.name for one in found if isinstance(one, Handed)]


def test_atp_tells_whom_topic_5_names_and_pages_for_the_worst_two(engine: Engine) -> None:
    apply(engine, "atp")
    with read(engine, ROOT, utc_now) as work:
        config = configuring.config_of(work.db, "atp")
        assert config is not None
        taken = {
            word: configuring.tried(work, "atp", {"alertname": "ServiceDown", "severity": word})
            for word in ("SEV-1", "SEV-2", "SEV-3", "SEV-4")
        }
    names = {word: [one.route.receiver for one in found] for word, found in taken.items()}
    assert names == {
        "SEV-1": ["critical"],
        "SEV-2": ["critical"],
        "SEV-3": ["warning"],
        "SEV-4": ["info"],
    }
    assert heard(config, "critical") == CRITICAL
    assert heard(config, "warning") == ["atp-ops", "atp-ops-mail", "atp-tickets"]
    assert heard(config, "info") == ["atp-notifications"]
    pages = {name: list(one.pages) for name, one in config.receivers.items()}
    assert pages == {"critical": ["incidents"], "warning": [], "info": []}


def test_the_same_again_changes_nothing(engine: Engine) -> None:
    apply(engine, "atp")
    with begin(engine, ROOT, utc_now) as work:
        files = loader.export(work, "mine")
        _, found = loader.diff(work, files)
    assert {one.step for one in found} == {Step.KEEP}
    assert "routing.yaml" in files


def test_what_is_no_routing_is_refused_before_it_is_applied() -> None:
    with pytest.raises(RoutingInvalid, match="nobody"):
        routed.RoutingSpec(route={"receiver": "nobody"}, receivers=[{"name": "team"}])
