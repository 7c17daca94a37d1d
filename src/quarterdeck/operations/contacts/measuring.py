"""The directory as metrics of the process that answers."""

from prometheus_client import Gauge

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.contacts import service

CONTACTS = Gauge(
    "quarterdeck_contacts",
    "Contacts in the directory, by tenant and section.",
    ["tenant", "section"],
)


def measure(work: Work, tenants: Tenants) -> None:
    """Show how many there are; a section that is empty now is shown no more."""
    CONTACTS.clear()
    for (tenant, section), many in service.counts(work, tenants).items():
        CONTACTS.labels(tenant, section).set(many)
