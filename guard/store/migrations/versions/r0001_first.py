"""The first schema: names, labels with their history, scans, lineage, the cursor of the projection."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes all tables."""
    op.create_table(
        "dataset",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint("namespace", "name", name=op.f("uq_dataset_namespace_name")),
    )
    op.create_table(
        "edge_set",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kept", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_edge_set")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_digest", "job", ["digest"], unique=False)
    op.create_index("ix_job_started", "job", ["started"], unique=False)
    op.create_index("ix_job_subject_started", "job", ["subject", "started"], unique=False)
    op.create_table(
        "projection",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_projection")),
    )
    op.create_table(
        "scan",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("started", sa.String(length=32), nullable=False),
        sa.Column("finished", sa.String(length=32), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
    )
    op.create_index("ix_scan_source_state", "scan", ["source", "state"], unique=False)
    op.create_table(
        "field",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("dataset_id", NUMBER, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_field_dataset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field")),
        sa.UniqueConstraint("dataset_id", "path", name=op.f("uq_field_dataset_id_path")),
    )
    op.create_table(
        "scan_table",
        sa.Column("scan_id", sa.String(length=64), nullable=False),
        sa.Column("dataset_id", NUMBER, nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("finished", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_scan_table_dataset_id")),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_scan_table_scan_id")),
        sa.PrimaryKeyConstraint("scan_id", "dataset_id", name=op.f("pk_scan_table")),
    )
    op.create_table(
        "edge",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("source_id", NUMBER, nullable=False),
        sa.Column("target_id", NUMBER, nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("subtype", sa.String(length=16), nullable=False),
        sa.Column("masking", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["field.id"], name=op.f("fk_edge_source_id")),
        sa.ForeignKeyConstraint(["target_id"], ["field.id"], name=op.f("fk_edge_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edge")),
        sa.UniqueConstraint(
            "source_id",
            "target_id",
            "type",
            "subtype",
            "masking",
            name=op.f("uq_edge_source_id_target_id_type_subtype_masking"),
        ),
    )
    op.create_index("ix_edge_target_id", "edge", ["target_id"], unique=False)
    op.create_table(
        "label",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("field_id", NUMBER, nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("scan_id", sa.String(length=64), nullable=True),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("valid_from", sa.String(length=32), nullable=False),
        sa.Column("valid_to", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["field_id"], ["field.id"], name=op.f("fk_label_field_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
    )
    op.create_index("ix_label_field_id_valid_from", "label", ["field_id", "valid_from"], unique=False)
    op.create_index("ix_label_kind_valid_to", "label", ["kind", "valid_to"], unique=False)
    op.create_index(
        "uq_label_current",
        "label",
        ["field_id", "origin"],
        unique=True,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "edge_set_edge",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("edge_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["edge_set.digest"], name=op.f("fk_edge_set_edge_digest")),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.id"], name=op.f("fk_edge_set_edge_edge_id")),
        sa.PrimaryKeyConstraint("digest", "edge_id", name=op.f("pk_edge_set_edge")),
    )
    op.create_index("ix_edge_set_edge_edge_id", "edge_set_edge", ["edge_id"], unique=False)
