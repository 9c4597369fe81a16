"""The privacy budget: rows chained by hash, the sums of each key, and the end of the chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Adds the tables, and the head of an empty chain."""
    op.create_table(
        "budget_row",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reservation", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_budget_row")),
    )
    op.create_index("ix_budget_row_reservation", "budget_row", ["reservation"], unique=False)
    op.create_table(
        "budget_account",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("time_window", sa.Text(), nullable=False),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_account")),
        sa.UniqueConstraint(
            "subject",
            "purpose",
            "dataset",
            "time_window",
            name=op.f("uq_budget_account_subject_purpose_dataset_time_window"),
        ),
    )
    op.create_table(
        "budget_row_account",
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("account_id", Number, nullable=False),
        sa.ForeignKeyConstraint(["row"], ["budget_row.number"], name=op.f("fk_budget_row_account_row")),
        sa.ForeignKeyConstraint(["account_id"], ["budget_account.id"], name=op.f("fk_budget_row_account_account_id")),
        sa.PrimaryKeyConstraint("row", "account_id", name=op.f("pk_budget_row_account")),
    )
    op.create_index("ix_budget_row_account_account_id", "budget_row_account", ["account_id"], unique=False)
    head = op.create_table(
        "budget_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_head")),
    )
    op.bulk_insert(head, [{"id": 1, "size": 0, "digest": "0" * 64}])
