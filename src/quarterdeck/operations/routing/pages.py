"""``page_configs`` of a receiver: whom it has paged, by the name of an escalation policy. Pure."""

from collections.abc import Mapping

from quarterdeck.operations.escalation.model.faults import UnusableEscalation
from quarterdeck.operations.escalation.model.policy import check_name
from quarterdeck.operations.routing.nodes import At

PAGES = "page_configs"


def read_pages(fields: Mapping[str, At]) -> tuple[str, ...]:
    """The policies of a receiver; raise RoutingInvalid."""
    configs = fields[PAGES].items() if PAGES in fields else []
    return tuple(map(_policy, configs))


def _policy(at: At) -> str:
    fields = at.fields(("policy",))
    if "policy" not in fields:
        raise at.fault("missing policy in page config")
    name = fields["policy"].text()
    try:
        check_name(name)
    except UnusableEscalation as error:
        raise fields["policy"].fault(str(error)) from error
    return name
