"""The 99 queries and the schema of TPC-DS, from DuckDB's own extension as the package index has it.

The extension is built for one DuckDB release, which need not be the one that guard uses, and its package pins that
release; so both live in an environment of their own below the user's cache folder, made once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

RELEASE = "1.5.5"
PACKAGES = (f"duckdb=={RELEASE}", f"duckdb-extension-tpcds=={RELEASE}", "sqllineage==1.5.9")
_DUMP = f"""
import duckdb, duckdb_extension_tpcds, json, pathlib
folder = pathlib.Path(duckdb_extension_tpcds.__file__).parent
connection = duckdb.connect(config={{"allow_unsigned_extensions": "true"}})
connection.execute(f"LOAD '{{folder}}/extensions/v{RELEASE}/tpcds.duckdb_extension'; CALL dsdgen(sf=0)")
queries = [query for _, query in sorted(connection.execute("SELECT query_nr, query FROM tpcds_queries()").fetchall())]
columns = connection.execute(
    "SELECT table_name, column_name, data_type FROM duckdb_columns() "
    "WHERE schema_name = 'main' AND NOT internal ORDER BY table_name, column_index"
).fetchall()
schema = {{}}
for table, column, kind in columns:
    schema.setdefault(table, {{}})[column] = kind
print(json.dumps([queries, schema]))
"""


@dataclass(frozen=True)
class Workload:
    """Queries in the order of their numbers, and table -> column -> type."""

    queries: tuple[str, ...]
    schema: dict[str, dict[str, str]]


def python() -> Path:
    """The interpreter of the environment with the peers; made by pip where it is missing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "guard" / f"bench-lineage-{sys.version_info.major}.{sys.version_info.minor}-{RELEASE}"
    inside = home / "bin" / "python"
    complete = home / "complete"
    if not complete.exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([str(inside), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        complete.touch()
    return inside


def workload() -> Workload:
    """TPC-DS, read once into the cache."""
    inside = python()
    kept = inside.parents[1] / "tpcds.json"
    if not kept.exists():
        done = subprocess.run([str(inside), "-c", _DUMP], check=True, capture_output=True, text=True)
        kept.write_text(done.stdout)
    queries, schema = json.loads(kept.read_text())
    return Workload(tuple(queries), schema)
