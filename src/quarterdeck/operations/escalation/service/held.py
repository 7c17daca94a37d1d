"""Policies as pages are opened under them: whole, and as they are now."""

from dataclasses import dataclass

from quarterdeck.kernel.work import Work
from quarterdeck.operations.escalation.document import spec_of, text_of
from quarterdeck.operations.escalation.model.policy import (
    ANY,
    NOTHING,
    Kind,
    Level,
    Policy,
    Target,
)
from quarterdeck.operations.escalation.service import policies


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a page is opened under.

    Attributes:
        version: 0: the policy is gone.
        document: the whole of it.
    """

    policy: str
    version: int
    document: str


def held(work: Work, tenant: str, name: str) -> Held | None:
    """What holds under a name; None: neither the tenant nor the platform has such a policy."""
    found = policies.holding(work, tenant, name)
    return None if found is None else _held(found.policy, found.version.version)


def gone(name: str) -> Held:
    """In place of a policy that is gone: one level, of a channel that is not there."""
    target = Target(Kind.CHANNEL, f"(no policy {name[:100]})")
    at_once = {ANY: NOTHING}
    level = Level(name="L1", targets=(target,), notify_at=at_once, engage_at=at_once)
    return _held(Policy(name=name, levels=(level,)), 0)


def _held(policy: Policy, version: int) -> Held:
    return Held(policy=policy.name, version=version, document=text_of(spec_of(policy)))
