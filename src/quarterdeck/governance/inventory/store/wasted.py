"""What the rules found, as people ask for it."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from quarterdeck.governance.inventory.store.tables import findings, resources
from quarterdeck.governance.inventory.waste import GROUP_TYPES, Finding, Verdict
from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.work import Tenants


def tally(db: Connection, tenants: Tenants) -> dict[tuple[str, Verdict], int]:
    """How many resources each rule found, or could not judge."""
    by = (findings.c.rule, findings.c.verdict)
    query = (
        select(*by, func.count().label("many"))
        .where(tenants.clause(findings.c.tenant))
        .group_by(*by)
    )
    return {(row.rule, Verdict(row.verdict)): row.many for row in db.execute(query)}


def judged(db: Connection, tenants: Tenants, types: Sequence[str], edition: int) -> dict[str, int]:
    """Live resources by type, of ``types``, that were judged by the rules of ``edition``."""
    query = (
        select(resources.c.type_key, func.count().label("many"))
        .where(
            resources.c.type_key.in_(types),
            resources.c.deleted_at.is_(None),
            resources.c.judged == edition,
            tenants.clause(resources.c.tenant),
        )
        .group_by(resources.c.type_key)
    )
    return {row.type_key: row.many for row in db.execute(query)}


def of_resources(db: Connection, tenants: Tenants, ids: Sequence[str]) -> dict[str, list[Finding]]:
    """What the rules say of each of ``ids``, by resource."""
    mine = (findings.c.resource.in_(ids), tenants.check(findings.c.tenant))
    found: dict[str, list[Finding]] = {}
    for row in db.execute(select(findings).where(*mine).order_by(findings.c.rule)):
        one = Finding(
            rule=row.rule,
            verdict=Verdict(row.verdict),
            reason=row.reason,
            since=instant(row.since),
        )
        found.setdefault(row.resource, []).append(one)
    return found


def empty_groups(db: Connection, tenants: Tenants) -> tuple[int, list[str]]:
    """How many resource groups are listed, and the ids of those in which nothing is."""
    group, member = resources.alias("of_group"), resources.alias("member")
    listed = (
        group.c.type_key.in_(GROUP_TYPES),
        group.c.deleted_at.is_(None),
        tenants.clause(group.c.tenant),
    )
    inside = select(member.c.id).where(
        member.c.group_key == group.c.group_key,
        member.c.subscription == group.c.subscription,
        member.c.connection == group.c.connection,
        member.c.deleted_at.is_(None),
        member.c.id != group.c.id,
        tenants.clause(member.c.tenant),
    )
    many = db.scalar(select(func.count()).select_from(group).where(*listed)) or 0
    if not many:
        return 0, []
    query = select(group.c.id).where(*listed, ~inside.exists()).order_by(group.c.id)
    return many, list(db.scalars(query))
