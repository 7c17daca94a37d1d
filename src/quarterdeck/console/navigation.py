"""The console's pages as its navigation lists them, by context."""

from dataclasses import dataclass

from quarterdeck.kernel.work import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A page to go to.

    Attributes:
        key: pressed after ``g``, it leads here.
        permission: whoever lacks it everywhere is not shown the entry; empty: all are.
    """

    label: str
    path: str
    key: str
    permission: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Entries of one context; the first group has no label and stands open on top."""

    label: str
    entries: tuple[Entry, ...]


GROUPS = (
    Group(label="", entries=(Entry(label="Now", path="/", key="n"),)),
    Group(
        label="Estate",
        entries=(
            Entry(label="Overview", path="/estate", key="e", permission="sync:read"),
            Entry(label="Review", path="/review", key="w", permission="access:ask"),
            Entry(label="Compliance", path="/compliance", key="p", permission="compliance:read"),
            Entry(label="Programmes", path="/programmes", key="o", permission="programmes:read"),
            Entry(label="Costs", path="/costs", key="b", permission="costs:read"),
            Entry(label="Resources", path="/resources", key="r", permission="resources:read"),
            Entry(label="Identity", path="/identity", key="i", permission="identity:read"),
            Entry(label="Sync", path="/sync", key="s", permission="sync:read"),
            Entry(label="Tenants", path="/tenants", key="t", permission="tenants:read"),
            Entry(label="Exports", path="/exports", key="x", permission="resources:read"),
        ),
    ),
    Group(
        label="Trail",
        entries=(
            Entry(label="Explorer", path="/trail", key="l", permission="trail:read"),
            Entry(label="Exports", path="/trail/exports", key="v", permission="exports:create"),
            Entry(label="Holds", path="/trail/holds", key="z", permission="holds:read"),
            Entry(
                label="Dead letters",
                path="/trail/dead-letters",
                key="d",
                permission="deadletters:read",
            ),
            Entry(label="Integrity", path="/trail/integrity", key="y", permission="trail:verify"),
        ),
    ),
    Group(
        label="Watch",
        entries=(
            Entry(label="Alerts", path="/alerts", key="a", permission="alerts:read"),
            Entry(label="SLOs", path="/slos", key="S", permission="slos:read"),
            Entry(label="Rules", path="/alert-rules", key="R", permission="alerts:read"),
            Entry(label="Health", path="/services", key="h", permission="health:read"),
            Entry(label="Workbook", path="/workbook", key="W", permission="metrics:read"),
            Entry(label="Maintenance", path="/maintenance", key="m", permission="health:read"),
            Entry(label="Changes", path="/changes", key="g", permission="changes:read"),
            Entry(label="Silences", path="/silences", key="q", permission="alerts:read"),
            Entry(label="Routing", path="/routing", key="u", permission="alerts:read"),
            Entry(label="Logs", path="/logs", key="f", permission="logs:read"),
            Entry(label="Metrics", path="/watch/metrics", key="j", permission="metrics:read"),
        ),
    ),
    Group(
        label="People",
        entries=(
            Entry(label="Incidents", path="/incidents", key="I", permission="incidents:read"),
            Entry(label="Pages", path="/pages", key="P", permission="pages:read"),
            Entry(label="Escalation", path="/escalation", key="E", permission="escalation:read"),
            Entry(label="On-call", path="/oncall", key="O", permission="oncall:read"),
            Entry(label="Channels", path="/channels", key="B", permission="channels:read"),
            Entry(label="Messages", path="/messages", key="M", permission="messages:read"),
            Entry(label="Contacts", path="/contacts", key="C", permission="contacts:read"),
            Entry(label="Audiences", path="/audiences", key="Y", permission="audiences:read"),
            Entry(label="Cards", path="/cards", key="D", permission="cards:read"),
            Entry(label="Status page", path="/status-page", key="T", permission="statuspage:read"),
        ),
    ),
    Group(
        label="Settings",
        entries=(
            Entry(label="Tokens", path="/tokens", key="k", permission="tokens:own"),
            Entry(label="Packs", path="/packs", key="K", permission="packs:read"),
            Entry(label="Configuration", path="/settings", key="c", permission="config:read"),
        ),
    ),
)


def shown_to(actor: Actor) -> tuple[Group, ...]:
    """The groups, with the entries that lead ``actor`` to more than a refusal."""
    held = {permission for permission, _ in actor.grants}
    groups = (
        Group(
            label=group.label,
            entries=tuple(e for e in group.entries if not e.permission or e.permission in held),
        )
        for group in GROUPS
    )
    return tuple(group for group in groups if group.entries)
