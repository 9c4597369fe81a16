"""The world on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.anonymize.dp.sql.world import Engine, duckdb_world, postgres_world, rows_of_world, sqlite_world


@pytest.fixture(scope="package", params=["duckdb", "sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The world on one engine."""
    rows = rows_of_world(3, 120)
    folder: Path = tmp_path_factory.mktemp("world")
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        with postgres_world(server.create_database(), rows) as opened:
            yield opened
    else:
        world = duckdb_world if request.param == "duckdb" else sqlite_world
        with world(folder, rows) as opened:
            yield opened
