"""Groups that were answered under a minimum group, by keyed hashes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "answered_group",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("apart", sa.Text(), nullable=False),
        sa.Column("plain", sa.Boolean(), nullable=False),
        sa.Column("answered", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("scope", "question", "size", name=op.f("pk_answered_group")),
    )
    op.create_index("ix_answered_group_scope_size", "answered_group", ["scope", "size"])
