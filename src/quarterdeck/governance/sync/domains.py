"""The domains of an installation: those that can be read, as often as its settings say."""

from datetime import timedelta

from quarterdeck.governance.sync.model import Policies, policies
from quarterdeck.governance.sync.readings import READINGS
from quarterdeck.governance.sync.readings.costs import Options
from quarterdeck.kernel.settings import Settings


def cost_options(settings: Settings) -> Options:
    """What is asked for of costs; raise Invalid for a tag that cannot be one."""
    tags = (tag.strip() for tag in settings.cost_tags.split(","))
    return Options(days_back=settings.cost_days_back, tags=tuple(dict.fromkeys(filter(None, tags))))


def domains(settings: Settings) -> Policies:
    """The policy of each domain, before what people changed."""
    return policies(
        resources=timedelta(seconds=settings.sync_resources_s),
        costs=timedelta(seconds=settings.sync_costs_s),
        compliance=timedelta(seconds=settings.sync_compliance_s),
        identity=timedelta(seconds=settings.sync_identity_s),
        among=READINGS.keys(),
    )
