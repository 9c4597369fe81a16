"""The tables of guard's own state. No column holds a value of the user's data.

Names (datasets, fields) are kept once and referred to by number. What changes over time is never overwritten: a label
row is valid from one moment to another. The migrations in `migrations/versions` make exactly this; a test compares.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

REVISION = "0008"  # of the newest migration

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column of the type INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")
MOMENT = 32  # characters of an RFC 3339 time in UTC with microseconds

dataset = Table(
    "dataset",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("namespace", Text, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("namespace", "name"),
)

field = Table(
    "field",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("dataset_id", Number, ForeignKey("dataset.id"), nullable=False),
    Column("path", Text, nullable=False),
    UniqueConstraint("dataset_id", "path"),
)

label = Table(
    "label",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("field_id", Number, ForeignKey("field.id"), nullable=False),
    Column("origin", String(8), nullable=False),  # scan | user
    Column("verdict", String(16), nullable=False),
    Column("kind", Text),
    Column("level", Integer),
    Column("state", String(16)),
    Column("score", Float, nullable=False),
    Column("body", Text, nullable=False),  # the whole FieldLabel with its evidence, as JSON
    Column("scan_id", String(64)),
    Column("owner", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("valid_from", String(MOMENT), nullable=False),
    Column("valid_to", String(MOMENT)),
    Index("ix_label_field_id_valid_from", "field_id", "valid_from"),
    Index("ix_label_kind_valid_to", "kind", "valid_to"),
    # At most one label of each origin is valid at a time.
    Index(
        "uq_label_current",
        "field_id",
        "origin",
        unique=True,
        sqlite_where=text("valid_to IS NULL"),
        postgresql_where=text("valid_to IS NULL"),
    ),
)

scan = Table(
    "scan",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("source", Text, nullable=False),
    Column("sample", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("rules_version", Text, nullable=False),
    Column("state", String(8), nullable=False),  # running | done | partial
    Column("started", String(MOMENT), nullable=False),
    Column("finished", String(MOMENT)),
    Column("report", Text),
    Index("ix_scan_source_state", "source", "state"),
)

scan_table = Table(
    "scan_table",
    metadata,
    Column("scan_id", String(64), ForeignKey("scan.id"), primary_key=True),
    Column("dataset_id", Number, ForeignKey("dataset.id"), primary_key=True),
    Column("identity", Text, nullable=False),
    Column("labels", Text, nullable=False),  # FieldLabel[], as JSON
    Column("finished", String(MOMENT), nullable=False),
)

# What the last scan of a table left for the next one: what showed that its data was as it was, and what was seen.
table_memory = Table(
    "table_memory",
    metadata,
    Column("dataset_id", Number, ForeignKey("dataset.id"), primary_key=True),
    Column("mark", String(80), nullable=False),
    Column("judged", String(64), nullable=False),
    Column("labels", Text, nullable=False),  # FieldLabel[], as JSON
    Column("memory", LargeBinary, nullable=False),
    Column("kept", String(MOMENT), nullable=False),
)

edge = Table(
    "edge",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("source_id", Number, ForeignKey("field.id"), nullable=False),
    Column("target_id", Number, ForeignKey("field.id"), nullable=False),
    Column("type", String(8), nullable=False),
    Column("subtype", String(16), nullable=False),
    Column("masking", Boolean(create_constraint=False), nullable=False),
    UniqueConstraint("source_id", "target_id", "type", "subtype", "masking"),
    Index("ix_edge_target_id", "target_id"),
)

edge_set = Table(
    "edge_set",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kept", String(MOMENT), nullable=False),
)

edge_set_edge = Table(
    "edge_set_edge",
    metadata,
    Column("digest", String(64), ForeignKey("edge_set.digest"), primary_key=True),
    Column("edge_id", Number, ForeignKey("edge.id"), primary_key=True),
    Column("how", Text, nullable=False, server_default=""),  # the ways of the edge in this set, a line each
    Index("ix_edge_set_edge_edge_id", "edge_id"),
)

job = Table(
    "job",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("started", String(MOMENT), nullable=False),
    Column("subject", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("entry", BigInteger),
    Column("digest", String(64)),  # of the edge set; no foreign key, because the log may be ahead of the edges
    Column("place", Text, nullable=False, server_default=""),  # of who got the answer: {"country": "CN", ...}, as JSON
    Column("indexed", Text, nullable=False, server_default=""),  # kinds of identifier with all marks, one a line
    Index("ix_job_started", "started"),
    Index("ix_job_subject_started", "subject", "started"),
    Index("ix_job_digest", "digest"),
)

# Who is in an answer: a keyed hash of an identifier, never the identifier. Written before its job says `indexed`.
subject_mark = Table(
    "subject_mark",
    metadata,
    Column("mark", LargeBinary(16), primary_key=True),
    Column("job_id", String(64), primary_key=True),
)

# How much was turned back: counts, never values; the subject is a pseudonym.
reidentified = Table(
    "reidentified",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("charged", String(MOMENT), nullable=False),
    Column("counted", BigInteger, nullable=False),
    Index("ix_reidentified_subject_purpose_charged", "subject", "purpose", "charged"),
)

projection = Table(
    "projection",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("position", BigInteger, nullable=False),  # the next index of the audit log to project
)

# The privacy budget (`guard.store.ledger`): rows are never changed; the sums follow from them.
budget_row = Table(
    "budget_row",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("reservation", BigInteger),
    Column("body", Text, nullable=False),  # the LedgerRow, as JSON: what the digest covers
    Column("digest", String(64), nullable=False),
    Index("ix_budget_row_reservation", "reservation"),
)

budget_account = Table(
    "budget_account",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("time_window", Text, nullable=False),
    Column("sums", Text, nullable=False),  # Sums, as JSON
    UniqueConstraint("subject", "purpose", "dataset", "time_window"),
)

budget_row_account = Table(
    "budget_row_account",
    metadata,
    Column("row", BigInteger, ForeignKey("budget_row.number"), primary_key=True),
    Column("account_id", Number, ForeignKey("budget_account.id"), primary_key=True),
    Index("ix_budget_row_account_account_id", "account_id"),
)

budget_head = Table(
    "budget_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),  # the next index
    Column("digest", String(64), nullable=False),
)

# Noisy answers of questions under differential privacy (`guard.store.answers`).
private_answer = Table(
    "private_answer",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("body", Text, nullable=False),
    Column("made", String(32), nullable=False),
)

# Groups that were answered under a minimum group (`guard.store.groups`): keyed hashes of who asked and of what chose
# the rows, and how many rows the group had.
answered_group = Table(
    "answered_group",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("apart", Text, nullable=False),  # JSON: keyed hash of a column -> keyed hash of its only value
    Column("plain", Boolean, nullable=False),  # nothing else chose its rows
    Column("answered", String(32), nullable=False),
    Index("ix_answered_group_scope_size", "scope", "size"),
)

# Vault tokens (`guard.store.vault`): a random token, a keyed hash to find it again by, the value sealed.
vault = Table(
    "vault",
    metadata,
    Column("domain", Text, primary_key=True),
    Column("lookup", String(80), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("kept", String(MOMENT), nullable=False),
    UniqueConstraint("domain", "token"),
)
