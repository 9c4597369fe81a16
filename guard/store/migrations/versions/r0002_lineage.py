"""What lineage asks for: the ways of an edge, where an answer went, and a keyed index of the people in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns, empty for what is there already, and the index of subjects."""
    op.add_column("edge_set_edge", sa.Column("how", sa.Text(), server_default="", nullable=False))
    op.add_column("job", sa.Column("place", sa.Text(), server_default="", nullable=False))
    op.add_column("job", sa.Column("indexed", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "subject_mark",
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("mark", "job_id", name=op.f("pk_subject_mark")),
    )
