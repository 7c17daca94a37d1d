"""Past-tense facts: the only words the contexts share."""

from quarterdeck.events import access, governance, packs, trail
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.jobs import facts as jobs

EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        access.TenantCreated,
        access.TenantRenamed,
        access.TenantDescribed,
        access.TenantArchived,
        access.PrincipalCreated,
        access.PrincipalLinked,
        access.PrincipalDisabled,
        access.RoleGranted,
        access.RoleRevoked,
        access.TokenIssued,
        access.TokenRotated,
        access.TokenRevoked,
        access.SignedIn,
        access.SignedOut,
        access.LimitSet,
        access.AccessRefused,
        governance.ConnectionAdded,
        governance.ConnectionRemoved,
        governance.SyncRequested,
        governance.SyncCompleted,
        governance.SyncFailed,
        governance.SyncCancelled,
        governance.DomainWentStale,
        governance.DomainBecameFresh,
        trail.FieldsDisclosed,
        packs.PackApplied,
        jobs.JobCancelled,
        jobs.JobDecided,
    )
}
"""Every event by its name; a subscriber opens facts with it."""
