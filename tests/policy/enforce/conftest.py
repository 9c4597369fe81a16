"""The three databases of every engine, opened once for all tests of enforcement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest

from tests.policy.enforce.world import Database, Duck, Lite, Postgres
from tests.servers.postgres import PostgresServer


@dataclass(frozen=True)
class Worlds:
    """LEFT and RIGHT differ only in what is protected; MASKED is what the subject may see."""

    left: Database
    right: Database
    masked: Database

    @property
    def dialect(self) -> str:
        return self.left.dialect


@pytest.fixture(scope="session", params=["duckdb", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def worlds(request: pytest.FixtureRequest) -> Iterator[Worlds]:
    """The databases of one engine after the other."""
    with ExitStack() as stack:
        sides = ("left", "right", "masked")
        if request.param == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres")
            opened = [stack.enter_context(closing(Postgres(side, server.create_database()))) for side in sides]
        else:
            kind = {"duckdb": Duck, "sqlite": Lite}[request.param]
            opened = [stack.enter_context(closing(kind(side))) for side in sides]
        yield Worlds(*opened)
