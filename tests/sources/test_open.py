"""From what a person writes to a source."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from guard.errors import NothingScannedError, SourceError, UsageError
from guard.sources.arrow import to_arrow
from guard.sources.open import kinds, open_source


def test_an_unknown_scheme_lists_the_known_ones():
    """The error names what guard reads, from the folder of sources itself."""
    with pytest.raises(UsageError) as caught:
        open_source("oracle://host/db")
    assert caught.value.diagnostics() == (
        "no source has the scheme `oracle`\n"
        "  help: guard reads described://, duckdb://, file://, mariadb://, mysql://, postgres://, "
        "postgresql://, sqlite://, "
        "files (.csv, .docx, .json, .jsonl, .log, .ndjson, .parquet, .pdf, .pptx, .pq, .tsv, .txt, .xlsx), "
        "and Arrow, polars or pandas tables"
    )


def test_kinds_are_found_in_the_folder():
    """Each module that can open something is a kind; nothing lists them."""
    assert [kind.__name__.rpartition(".")[2] for kind in kinds()] == [
        "arrow",
        "described",
        "duckdb",
        "files",
        "mariadb",
        "postgres",
        "sqlite",
    ]


@pytest.mark.parametrize("where", ["", "x" * 5000, "a\0b", 7, None, {}, {"a": 1}])
def test_nonsense_is_a_usage_error(where):
    """What is no source at all is the caller's mistake."""
    with pytest.raises(UsageError):
        open_source(where)


def test_a_missing_file_and_an_empty_glob_are_told_apart(tmp_path):
    """A path that is not there cannot be opened; a pattern that matches nothing looked at nothing."""
    with pytest.raises(SourceError, match="is not there"):
        open_source(str(tmp_path / "no.csv"))
    with pytest.raises(NothingScannedError):
        open_source(str(tmp_path / "*.csv"))
    with pytest.raises(NothingScannedError):
        open_source(str(tmp_path))


def test_a_file_is_known_by_its_first_bytes(sqlite_people, duckdb_people):
    """A path without a scheme opens by what wrote the file."""
    for uri, dialect in ((sqlite_people, "sqlite"), (duckdb_people, "duckdb")):
        source = open_source(uri.partition(":///")[2])
        assert source.dialect == dialect
        source.close()


def test_relative_paths_are_seen_from_root(tmp_path):
    """`root` stands for the current folder, in URIs as well."""
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    for where in ("a.csv", "file:///a.csv", "*.csv"):
        source = open_source(where, root=tmp_path)
        assert [table.dataset.name for table in source.tables()] == [str(tmp_path / "a.csv")]
        source.close()


@pytest.mark.parametrize(
    "frame",
    [
        pa.table({"a": [1, 2], "b": ["x", None]}),
        pa.table({"a": [1, 2], "b": ["x", None]}).to_batches()[0],
        pl.DataFrame({"a": [1, 2], "b": ["x", None]}),
        pl.LazyFrame({"a": [1, 2], "b": ["x", None]}),
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=[7, 8]),
    ],
    ids=["table", "batch", "polars", "lazy", "pandas"],
)
def test_frames_are_read_alike(frame):
    """Arrow, polars and pandas give the same table; a pandas index is not data."""
    source = open_source(frame, name="t")
    table = source.tables()[0]
    assert (table.name.name, table.kind, table.dataset.namespace) == ("t", "frame", "memory")
    assert [(column.name, column.type) for column in table.columns] == [("a", "BIGINT"), ("b", "VARCHAR")]
    assert to_arrow(frame).to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    source.close()


def test_a_frame_that_arrow_cannot_hold_is_refused_without_its_values():
    """The error says what to do and prints no cell."""
    with pytest.raises(UsageError) as caught:
        to_arrow(pd.DataFrame({"a": [1, "CANARY-1", object()]}))
    assert "CANARY" not in str(caught.value) + repr(caught.value.__context__)
