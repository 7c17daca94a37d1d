"""Beside each checkpoint stands the ML-DSA-44 key that cosigned it: to name it opens no secret."""

import sqlalchemy as sa
from alembic import op

revision = "0046_second_keys"
down_revision = "0045_connection_prefixes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it.

    Of checkpoints that were cosigned before, the worker writes it down when it starts.
    """
    new = sa.Column("second_vkey", sa.String(), server_default="", nullable=False)
    op.add_column("trail_checkpoint", new)
