"""An estate whose clouds say how compliant they are."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine
from typing_extensions import override

from governance.compliance.said import secure_score, state
from governance.estate import Estate, FakeCloud
from quarterdeck.governance.cloud.ports import CloudFailure
from quarterdeck.governance.compliance.service import queries
from quarterdeck.governance.compliance.service.queries import Summary
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.sync.model import Policies, Run, policies
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.work import ANY, Tenants

COMPLIANCE = policies(among=["compliance"])
EVERYONE = Tenants(frozenset({ANY}))

Pages = list[list[bytes] | CloudFailure]


@dataclass
class Checked(Estate):
    """An estate of which compliance alone is read."""

    known: Policies = field(default_factory=lambda: COMPLIANCE)

    @override
    def connect(self, directory: str, known: Policies = COMPLIANCE) -> tuple[Connection, FakeCloud]:
        """A tenant with one subscription that says nothing yet."""
        connection, cloud = super().connect(directory, known)
        cloud.pages = {"s1": []}
        return connection, cloud

    def say(self, cloud: FakeCloud, *pages: list[bytes] | CloudFailure, sub: str = "s1") -> None:
        """Have these policy states from now on."""
        cloud.pages.setdefault(sub, [])
        cloud.said["policy_states", sub] = list(pages)
        cloud.said.setdefault(("secure_scores", sub), [[secure_score()]])

    @override
    def sync(self, *_: object) -> Run:
        """Read compliance, and look at the newest run."""
        with self.work() as work:
            request_sync(work, COMPLIANCE, "compliance")
        self.run_due()
        return self.runs()[0]

    def summed(self) -> Summary:
        with self.look() as work:
            return queries.summed(work, EVERYONE)


@pytest.fixture
def estate(engine: Engine) -> Checked:
    return Checked(engine)


@pytest.fixture
def read_once(estate: Checked) -> Checked:
    """Tenant ``acme``: of 4 states 2 comply, 1 does not, 1 is exempt."""
    _, cloud = estate.connect("acme")
    words = {"a": "Compliant", "b": "Compliant", "c": "NonCompliant", "d": "Exempt"}
    estate.say(cloud, [state(name, word=word) for name, word in words.items()])
    estate.sync()
    return estate
