"""Data files as tables."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guard.errors import SourceError
from guard.model import EnforcedQuery, SkippedTable
from guard.sources import file_formats
from guard.sources.open import open_source
from guard.sources.source import Limits

LIMITS = Limits()


def rows(source, name):
    return source.run(EnforcedQuery(sql=f'SELECT * FROM "{name}"', dialect="duckdb"), limits=LIMITS).to_pylist()


def types(source, name):
    table = next(table for table in source.tables() if table.name.name == name)
    return {column.name: column.type for column in table.columns}


CSV_TYPES = [
    ("whole numbers", ["1", "-20", "300"], "BIGINT"),
    ("one leading zero", ["1", "02", "3"], "VARCHAR"),
    ("a plus sign", ["1", "+2", "3"], "VARCHAR"),
    ("mobile numbers", ["13812345678", "13912345678"], "VARCHAR"),
    ("resident ids, one with X", ["110101199003078515", "11010119900307851X"], "VARCHAR"),
    ("ten digits", ["1234567890"], "BIGINT"),
    ("decimals", ["1.5", "2", "-0.25"], "DOUBLE"),
    ("a leading zero in a decimal", ["1.5", "02.5"], "VARCHAR"),
    ("an exponent", ["1e5", "2"], "VARCHAR"),
    ("iso dates", ["2024-01-31", "1999-12-01"], "DATE"),
    ("other dates", ["31.01.2024", "01.12.1999"], "VARCHAR"),
    ("compact dates", ["20240131"], "BIGINT"),
    ("moments", ["2024-01-31 10:20:30", "2024-01-31T10:20"], "TIMESTAMP"),
    ("truth", ["true", "false"], "BOOLEAN"),
    ("spaces", ["1", " 2"], "VARCHAR"),
    ("numbers and a gap", ["1", "", "3"], "BIGINT"),
    ("nothing", ["", ""], "VARCHAR"),
    ("words", ["a", "b"], "VARCHAR"),
]


@pytest.mark.parametrize(("what", "cells", "wanted"), CSV_TYPES, ids=[case[0] for case in CSV_TYPES])
def test_a_csv_column_gets_a_type_only_when_every_value_survives(tmp_path, what, cells, wanted):
    """Numbers and dates become such; an identifier stays text, digit for digit."""
    file = tmp_path / "t.csv"
    file.write_text("k,c\n" + "".join(f"row,{cell}\n" for cell in cells))
    source = open_source(str(file))
    assert types(source, "t")["c"] == wanted
    if wanted == "VARCHAR" and any(cells):
        assert [row["c"] for row in rows(source, "t")] == cells
    source.close()


def test_a_late_leading_zero_keeps_the_column_text(tmp_path):
    """The decision looks at all rows, not at a sample of them."""
    file = tmp_path / "t.csv"
    file.write_text("k,id\n" + "x,123\n" * 60_000 + "x,007\n")
    source = open_source(str(file))
    assert types(source, "t")["id"] == "VARCHAR"
    assert rows(source, "t")[-1] == {"k": "x", "id": "007"}
    source.close()


def test_a_large_csv_is_read_in_place_as_text(tmp_path, monkeypatch):
    """Beyond the limit nothing is loaded, and nothing else is readable."""
    monkeypatch.setattr(file_formats, "IN_MEMORY_BYTES", 10)
    (tmp_path / "t.csv").write_text("id;n\n007;1\n008;2\n")
    (tmp_path / "other.csv").write_text("secret\nCANARY\n")
    source = open_source(str(tmp_path / "t.csv"))
    assert types(source, "t") == {"id": "VARCHAR", "n": "VARCHAR"}
    assert rows(source, "t") == [{"id": "007", "n": "1"}, {"id": "008", "n": "2"}]
    with pytest.raises(SourceError):
        rows(source, str(tmp_path / "other.csv"))
    source.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_chinese_files_are_read_in_their_encoding(tmp_path, encoding):
    """UTF-8, with or without a mark, and the Chinese national encodings."""
    file = tmp_path / "t.csv"
    file.write_bytes("姓名,城市\n张三,上海\n李四,北京\n".encode(encoding))
    source = open_source(str(file))
    assert rows(source, "t") == [{"姓名": "张三", "城市": "上海"}, {"姓名": "李四", "城市": "北京"}]
    source.close()


def test_the_census_is_read_with_its_semicolons(shared_data):
    """A real file: 30,162 people, ages as numbers."""
    source = open_source(str(shared_data / "adult" / "adult.csv"))
    table = source.tables()[0]
    assert (table.name.name, table.rows, len(table.columns)) == ("adult", 30162, 9)
    assert types(source, "adult")["age"] == "BIGINT"
    source.close()


def test_a_corrupt_file_among_good_ones_is_skipped_with_its_reason(tmp_path):
    """One bad file does not take the others with it."""
    pq.write_table(pa.table({"a": [1]}), tmp_path / "good.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 not really")
    (tmp_path / "bad.json").write_text('{"a": ')
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    source = open_source(tmp_path)
    assert [table.name.name for table in source.tables()] == ["good", "t"]
    assert source.skipped == (
        SkippedTable("bad.json", "not readable as JSON (`InvalidInputException`)"),
        SkippedTable("bad.parquet", "not readable as Parquet (`InvalidInputException`)"),
    )
    assert rows(source, "good") == [{"a": 1}]
    source.close()


def test_nothing_readable_is_an_error(tmp_path):
    """A source of corrupt files alone is not an empty source."""
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(SourceError, match=r"`bad\.parquet` is not readable as Parquet"):
        open_source(str(tmp_path / "bad.parquet"))


def test_the_files_of_a_glob_are_one_table_when_their_columns_agree(tmp_path):
    """Parts are put together; different tables stay apart."""
    for number in (1, 2):
        pq.write_table(pa.table({"a": [number]}), tmp_path / f"part-{number}.parquet")
    source = open_source(str(tmp_path / "part-*.parquet"))
    assert [table.name.name for table in source.tables()] == ["part"]
    assert sorted(row["a"] for row in rows(source, "part")) == [1, 2]
    source.close()
    pq.write_table(pa.table({"b": [3]}), tmp_path / "part-3.parquet")
    source = open_source(str(tmp_path / "part-*.parquet"))
    assert [table.name.name for table in source.tables()] == ["part-1", "part-2", "part-3"]
    source.close()


def test_files_with_one_stem_get_different_names(tmp_path):
    """`a.csv` and `a.json` are two tables."""
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "a.json").write_text('[{"x": 1}]')
    source = open_source(tmp_path)
    assert [table.name.name for table in source.tables()] == ["a_csv", "a_json"]
    source.close()


def test_json_keeps_its_structure(tmp_path):
    """Nested values stay nested, in arrays and in lines."""
    (tmp_path / "a.json").write_text('[{"id": "007", "tags": ["x"], "in": {"c": 1}}]')
    (tmp_path / "b.ndjson").write_text('{"id": "007"}\n{"id": "008"}\n')
    source = open_source(tmp_path)
    assert rows(source, "a") == [{"id": "007", "tags": ["x"], "in": {"c": 1}}]
    assert rows(source, "b") == [{"id": "007"}, {"id": "008"}]
    source.close()


def test_a_changed_file_changes_version_and_identity(tmp_path, monkeypatch):
    """A file that was replaced is another table, and is read anew."""
    monkeypatch.setattr("guard.sources.files.FRESH_SECONDS", 0)
    file = tmp_path / "t.csv"
    file.write_text("x,y\n1,2\n")
    source = open_source(str(file))
    version, identity = source.version(), source.tables()[0].identity
    assert source.version() == version
    fresh = tmp_path / "fresh"
    fresh.write_text("x,y,z\n1,2,3\n")
    fresh.replace(file)
    assert source.version() != version
    table = source.tables()[0]
    assert table.identity != identity
    assert [column.name for column in table.columns] == ["x", "y", "z"]
    source.close()
