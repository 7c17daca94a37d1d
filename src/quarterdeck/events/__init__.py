"""Past-tense facts: the only words the contexts share."""

from quarterdeck.events import access, governance
from quarterdeck.kernel.event import Event

EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        access.TenantCreated,
        access.TenantRenamed,
        access.TenantArchived,
        access.PrincipalCreated,
        access.PrincipalDisabled,
        access.RoleGranted,
        access.RoleRevoked,
        access.TokenIssued,
        access.TokenRotated,
        access.TokenRevoked,
        access.SignedIn,
        access.SignedOut,
        access.AccessRefused,
        governance.ConnectionAdded,
        governance.ConnectionRemoved,
        governance.SyncRequested,
        governance.SyncCompleted,
        governance.SyncFailed,
        governance.DomainWentStale,
        governance.DomainBecameFresh,
    )
}
"""Every event by its name; a subscriber opens facts with it."""
