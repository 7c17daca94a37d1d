"""SLOs: what was applied, what was counted, how it stands."""

import sqlalchemy as sa
from alembic import op

revision = "0027_slos"
down_revision = "0026_families"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    op.create_table(
        "operations_slo_object",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "name"),
    )
    op.create_table(
        "operations_slo_measure",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("slo", sa.String(), nullable=False),
        sa.Column("counted_to", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "measure"),
    )
    op.create_table(
        "operations_slo_slice",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("good", sa.Double(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("excluded", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "measure", "at"),
    )
    op.create_table(
        "operations_slo_standing",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("slo", sa.String(), nullable=False),
        sa.Column("objective", sa.String(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "slo", "objective"),
    )
    op.create_table(
        "operations_slo_crossing",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("slo", sa.String(), nullable=False),
        sa.Column("objective", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "slo", "objective", "what"),
    )
