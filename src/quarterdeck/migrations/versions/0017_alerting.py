"""Alerts that others push, acknowledgements, silences."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0017_alerting"
down_revision = "0016_watch"
branch_labels = None
depends_on = None

LIVE = sa.text("state <> 'resolved'")
UNROUTED = sa.text("routed = 0 AND state <> 'resolved'")
LASTING = sa.text("expires_at IS NOT NULL AND state <> 'resolved'")
FNV_OFFSET, FNV_PRIME = 14695981039346656037, 1099511628211


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    for column in (
        sa.Column("fingerprint", sa.String(), nullable=False, server_default=""),
        sa.Column("generator_url", sa.Text(), nullable=False, server_default=""),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("guessed", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=False, server_default=""),
        sa.Column("routed", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("operations_alert", column)
    op.drop_index("operations_alert_live", "operations_alert")
    for name, columns, where, unique in (
        ("live", ["key"], LIVE, True),
        ("newest", ["tenant", "id"], LIVE, False),
        ("type", ["tenant", "type"], None, False),
        ("fingerprint", ["tenant", "fingerprint"], None, False),
        ("expiring", ["expires_at"], LASTING, False),
        ("unrouted", ["tenant"], UNROUTED, False),
    ):
        op.create_index(
            f"operations_alert_{name}",
            "operations_alert",
            columns,
            unique=unique,
            sqlite_where=where,
            postgresql_where=where,
        )
    op.create_table(
        "operations_alert_change",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("alert", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_operations_alert_change_alert", "operations_alert_change", ["alert"])
    op.create_table(
        "operations_silence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("matchers", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("operations_silence_tenant", "operations_silence", ["tenant", "ends_at"])
    _identify()


def _identify() -> None:
    """What fires already is identified by its labels, its severity among them, as what comes is."""
    db = op.get_bind()
    found = db.execute(sa.text("SELECT id, severity, labels FROM operations_alert")).all()
    for row in found:
        labels = {"severity": row.severity, **json.loads(row.labels)}
        text = json.dumps(dict(sorted(labels.items())), separators=(",", ":"), ensure_ascii=False)
        db.execute(
            sa.text("UPDATE operations_alert SET labels = :l, fingerprint = :f WHERE id = :i"),
            {"l": text, "f": _fingerprint(labels), "i": row.id},
        )


def _fingerprint(labels: dict[str, str]) -> str:
    digest = FNV_OFFSET
    for name in sorted(labels):
        for octet in (*name.encode(), 255, *labels[name].encode(), 255):
            digest = ((digest ^ octet) * FNV_PRIME) & (2**64 - 1)
    return f"{digest:016x}"
