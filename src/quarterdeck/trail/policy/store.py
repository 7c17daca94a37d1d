"""Policies in SQL: every version stays; and the text of each classification that was used."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.policy.model import Kind, Version

policies = Table(
    "trail_policy",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
    Column("digest", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("idx", BigInteger),
)

texts = Table(
    "trail_policy_text",
    metadata,
    Column("digest", String, primary_key=True),
    Column("document", Text, nullable=False),
)


def add(db: Connection, version: Version) -> None:
    """Insert a version."""
    db.execute(
        insert(policies).values(
            tenant=version.tenant,
            kind=str(version.kind),
            version=version.version,
            document=json.dumps(version.document, sort_keys=True),
            digest=version.digest,
            at=version.at,
            by=version.by,
            idx=version.index,
        )
    )


def versions(
    db: Connection, among: Tenants, tenant: str | None = None, kind: Kind | None = None
) -> list[Version]:
    """Versions of these tenants, newest first within tenant and kind."""
    query = select(policies).where(among.clause(policies.c.tenant))
    if tenant is not None:
        query = query.where(policies.c.tenant == tenant)
    if kind is not None:
        query = query.where(policies.c.kind == str(kind))
    order = (policies.c.tenant, policies.c.kind, policies.c.version.desc())
    return [_version(row) for row in db.execute(query.order_by(*order))]


def take_effect(db: Connection, among: Tenants, of: tuple[str, str, int], index: int) -> bool:
    """Say at which leaf the version (tenant, kind, number) holds; False if that was known."""
    tenant, kind, version = of
    here = update(policies).where(
        among.clause(policies.c.tenant),
        policies.c.tenant == tenant,
        policies.c.kind == kind,
        policies.c.version == version,
        policies.c.idx.is_(None),
    )
    return db.execute(here.values(idx=index)).rowcount == 1


def keep_text(db: Connection, digest: str, document: Mapping[str, Any]) -> None:
    """Keep what a digest in records stands for. Again is nothing."""
    make = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    row = {"digest": digest, "document": json.dumps(document, sort_keys=True)}
    db.execute(make(texts).values(row).on_conflict_do_nothing())


def text_of(db: Connection, digest: str) -> Mapping[str, Any] | None:
    """The classification of that digest, if it was used here."""
    found = db.scalar(select(texts.c.document).where(texts.c.digest == digest))
    return None if found is None else dict(json.loads(found))


def _version(row: Row[Any]) -> Version:
    return Version(
        tenant=row.tenant,
        kind=Kind(row.kind),
        version=row.version,
        document=json.loads(row.document),
        digest=row.digest,
        at=row.at,
        by=row.by,
        index=row.idx,
    )
