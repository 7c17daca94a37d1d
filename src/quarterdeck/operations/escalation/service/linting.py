"""What of a policy will tell nobody."""

from collections.abc import Iterator

from quarterdeck.kernel.work import Work
from quarterdeck.operations.escalation.model.faults import UnusableEscalation
from quarterdeck.operations.escalation.model.policy import Kind, Policy, Target
from quarterdeck.operations.escalation.service import policies
from quarterdeck.operations.escalation.service.named import contact, schedule
from quarterdeck.operations.oncall.model.person import Known
from quarterdeck.operations.oncall.people import people


def notes(work: Work, tenant: str, policy: Policy) -> list[str]:
    """What a policy names that is not there, level by level."""
    found = [
        f"{level.name}: {why}"
        for level in policy.levels
        for target in level.targets
        for why in _faults(work, tenant, target)
    ]
    if policy.then and policies.holding(work, tenant, policy.then) is None:
        found.append(f"then: no policy {policy.then!r}")
    try:
        policies.check_chain(work, tenant, policy)
    except UnusableEscalation as error:
        found.append(f"then: {error}: its pages go without")
    return found


def _faults(work: Work, tenant: str, target: Target) -> Iterator[str]:
    if target.kind is Kind.SCHEDULE and schedule(work, tenant, target.name, work.now) is None:
        yield f"no schedule {target.name!r}"
    if target.kind is Kind.CONTACT and contact(work, tenant, target.name) is None:
        yield f"no contact {target.name!r}"
    if target.kind is Kind.PERSON:
        known = people(work.db, tenant, [target.name]).of(target.name).known
        if known is not Known.KNOWN:
            yield f"{target.name} is {known.value}"
    if target.kind is Kind.PHONE:
        yield f"no telephone is dialled from here: {target.name} is only written down"
