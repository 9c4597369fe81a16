"""Vault tokens: random tokens with their sealed values."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "vault",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("lookup", sa.String(length=80), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("kept", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("domain", "lookup", name=op.f("pk_vault")),
        sa.UniqueConstraint("domain", "token", name=op.f("uq_vault_domain_token")),
    )
