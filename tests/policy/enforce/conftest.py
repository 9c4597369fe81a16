"""The three databases of every engine, opened once for all tests of enforcement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest

from tests.policy.enforce.world import Database, Duck, Lite, Maria, Postgres
from tests.servers.mariadb import MariaDbServer
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


ENGINES = (
    "duckdb",
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("mysql", marks=pytest.mark.mariadb),
)


@pytest.fixture(scope="session", params=ENGINES)
def worlds(request: pytest.FixtureRequest) -> Iterator[Worlds]:
    """The databases of one engine after the other."""
    with ExitStack() as stack:
        sides = ("left", "right", "masked")
        if request.param == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres")
            opened = [stack.enter_context(closing(Postgres(side, server.create_database()))) for side in sides]
        elif request.param == "mysql":
            maria: MariaDbServer = request.getfixturevalue("mariadb")
            names = {side: maria.create_database() for side in sides}
            opened = [
                stack.enter_context(closing(Maria(side, maria.connect(names[side]), names[side]))) for side in sides
            ]
        else:
            kind = {"duckdb": Duck, "sqlite": Lite}[request.param]
            opened = [stack.enter_context(closing(kind(side))) for side in sides]
        yield Worlds(*opened)
