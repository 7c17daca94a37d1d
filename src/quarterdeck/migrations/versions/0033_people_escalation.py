"""Escalation: policies, pages, and the ledger of what was promised and kept."""

import sqlalchemy as sa
from alembic import op

revision = "0033_people_escalation"
down_revision = "0032_people_channels"
branch_labels = None
depends_on = None

IS_OPEN = sa.text("state <> 'resolved'")
IS_WAITING = sa.text("state = 'waiting'")
IS_HOLDING = sa.text("state = 'acknowledged' AND holds_until IS NOT NULL")


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    _policies()
    _pages()
    _steps()
    _changes()
    _alerts()
    _secrets()
    _lates()


def _policies() -> None:
    for table in ("operations_escalation", "operations_escalation_version"):
        is_version = table.endswith("_version")
        more = [
            sa.Column("how", sa.String(), nullable=False),
            sa.Column("why", sa.Text(), nullable=False),
        ]
        op.create_table(
            table,
            sa.Column("tenant", sa.String(), nullable=False),
            sa.Column("name", sa.String(), nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
            sa.Column("text", sa.Text(), nullable=False),
            sa.Column("by", sa.String(), nullable=False),
            sa.Column("at", sa.BigInteger(), nullable=False),
            *(more if is_version else []),
            sa.PrimaryKeyConstraint(*("tenant", "name"), *(("version",) if is_version else ())),
        )


def _pages() -> None:
    op.create_table(
        "operations_page",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger()),
        sa.Column("acknowledged_by", sa.String(), nullable=False),
        sa.Column("means", sa.String(), nullable=False),
        sa.Column("holds_until", sa.BigInteger()),
        sa.Column("resolved_at", sa.BigInteger()),
        sa.Column("resolved_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _partial("operations_page_key", "operations_page", ["tenant", "key"], IS_OPEN, unique=True)
    op.create_index("operations_page_tenant", "operations_page", ["tenant", "id"])
    _partial("operations_page_about", "operations_page", ["tenant", "about"], IS_OPEN)
    _partial("operations_page_open", "operations_page", ["id"], IS_OPEN)
    _partial("operations_page_holding", "operations_page", ["holds_until"], IS_HOLDING)


def _steps() -> None:
    op.create_table(
        "operations_page_step",
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("lasting", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger()),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("page", "level", "kind", "number"),
    )
    _partial("operations_page_step_due", "operations_page_step", ["due_at"], IS_WAITING)


def _changes() -> None:
    op.create_table(
        "operations_page_change",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_operations_page_change_page", "operations_page_change", ["page"])


def _alerts() -> None:
    op.create_table(
        "operations_page_alert",
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("alert", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("page", "alert"),
    )
    op.create_index("operations_page_alert_alert", "operations_page_alert", ["alert"])


def _secrets() -> None:
    op.create_table(
        "operations_page_secret",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("digest"),
    )
    for column in ("page", "expires_at"):
        name = f"ix_operations_page_secret_{column}"
        op.create_index(name, "operations_page_secret", [column])


def _lates() -> None:
    op.create_table(
        "operations_page_late",
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("page", "step"),
    )


def _partial(
    name: str, table: str, columns: list[str], where: sa.TextClause, *, unique: bool = False
) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
