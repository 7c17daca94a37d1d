"""Nobody ever wrote down what a metric is."""

from alembic import op

revision = "0026_families"
down_revision = "0025_left"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Contract: no release has read or written it, save for asking how large it is."""
    op.drop_table("operations_family")
