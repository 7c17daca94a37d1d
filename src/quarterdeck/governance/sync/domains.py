"""The domains of an installation: those that can be read, as often as its settings say."""

from dataclasses import replace
from datetime import timedelta

from quarterdeck.governance.sync.model import IDENTITY, Policies, policies
from quarterdeck.governance.sync.readings import READINGS
from quarterdeck.governance.sync.readings.costs import Options
from quarterdeck.kernel.settings import Settings


def cost_options(settings: Settings) -> Options:
    """What is asked for of costs; raise Invalid for a tag that cannot be one."""
    tags = (tag.strip() for tag in settings.cost_tags.split(","))
    return Options(days_back=settings.cost_days_back, tags=tuple(dict.fromkeys(filter(None, tags))))


def identity_whole(settings: Settings) -> timedelta:
    """After which time a directory is read whole again; 0: always."""
    return timedelta(seconds=settings.sync_identity_whole_s)


def domains(settings: Settings) -> Policies:
    """The policy of each domain, before what people changed."""
    kept = policies(
        resources=timedelta(seconds=settings.sync_resources_s),
        costs=timedelta(seconds=settings.sync_costs_s),
        compliance=timedelta(seconds=settings.sync_compliance_s),
        identity=timedelta(seconds=settings.sync_identity_s),
        among=READINGS.keys(),
    )
    whole = replace(kept[IDENTITY], whole_every=identity_whole(settings))
    return {**kept, IDENTITY: whole}
