"""Who hears of facts by name hears of facts that there are."""

import pytest

from quarterdeck.access.erasures import hearing as erasures
from quarterdeck.events import EVENTS
from quarterdeck.governance.onboarding import service as onboarding
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.operations.alerts import hearing as alerts
from quarterdeck.operations.changes import hearing as changes
from quarterdeck.operations.escalation import hearing as escalation
from quarterdeck.operations.logs import hearing as logs
from quarterdeck.operations.messages import hearing as outbox
from quarterdeck.operations.statuspage import hearing as statuspage
from quarterdeck.operations.statuspage.service.linking import Links
from quarterdeck.trail.freeze import hearing as freezes
from quarterdeck.trail.holds import hearing as holds

SUBSCRIBERS = [
    alerts.subscriber(),
    changes.subscriber(),
    logs.subscriber(),
    escalation.subscriber(),
    statuspage.subscriber(Links(url="", secret="")),
    freezes.subscriber(dict),
    holds.subscriber(),
    onboarding.subscriber(),
    erasures.subscriber(),
    outbox.subscriber(),
]


@pytest.mark.parametrize("one", SUBSCRIBERS, ids=lambda one: one.name)
def test_what_it_hears_of_there_is(one: Subscriber) -> None:
    assert one.hears
    assert set(one.hears) <= EVENTS.keys()
