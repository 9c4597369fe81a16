"""TPC-H and TPC-DS: queries and generated rows, from DuckDB's own extensions as the package index has them.

The extensions are built for one DuckDB release, which need not be the one that guard uses, so they live in an
environment of their own below the user's cache folder, made once; their rows come over as Parquet files.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

RELEASE = "1.5.5"
PACKAGES = (f"duckdb=={RELEASE}", f"duckdb-extension-tpch=={RELEASE}", f"duckdb-extension-tpcds=={RELEASE}")
GENERATOR = {"tpch": "dbgen", "tpcds": "dsdgen"}

_DUMP = """
import duckdb, importlib, json, pathlib, sys
name, generator, scale, release, target = sys.argv[1:]
module = importlib.import_module(f"duckdb_extension_{name}")
file = pathlib.Path(module.__file__).parent / "extensions" / f"v{release}" / f"{name}.duckdb_extension"
connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
connection.execute(f"LOAD '{file}'")
connection.execute(f"CALL {generator}(sf={scale})")
queries = connection.execute(f"SELECT query_nr, query FROM {name}_queries() ORDER BY 1").fetchall()
schema = {}
for table, column, kind in connection.execute(
    "SELECT table_name, column_name, data_type FROM duckdb_columns() "
    "WHERE schema_name = 'main' AND NOT internal ORDER BY table_name, column_index"
).fetchall():
    schema.setdefault(table, {})[column] = kind
for table in schema:
    connection.execute(f"COPY {table} TO '{target}/{table}.parquet' (FORMAT parquet)")
pathlib.Path(target, "workload.json").write_text(json.dumps([[query for _, query in queries], schema]))
"""


@dataclass(frozen=True)
class Workload:
    """Queries in the order of their numbers, table -> column -> type, and the folder of `<table>.parquet`."""

    queries: tuple[str, ...]
    schema: dict[str, dict[str, str]]
    folder: Path


def workload(name: Literal["tpch", "tpcds"], scale: float) -> Workload:
    """One benchmark at a scale factor, generated once into the cache."""
    home = _cache() / f"bench-tpc-{sys.version_info.major}.{sys.version_info.minor}-{RELEASE}"
    folder = home / f"{name}-{scale}"
    kept = folder / "workload.json"
    if not kept.exists():
        inside = _python(home)  # first: making the environment empties its folder
        folder.mkdir(parents=True, exist_ok=True)
        arguments = [name, GENERATOR[name], str(scale), RELEASE, str(folder)]
        subprocess.run([str(inside), "-c", _DUMP, *arguments], check=True)
    queries, schema = json.loads(kept.read_text())
    return Workload(tuple(queries), schema, folder)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "guard"


def _python(home: Path) -> Path:
    inside = home / "bin" / "python"
    complete = home / "complete"
    if not complete.exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([str(inside), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        complete.touch()
    return inside
