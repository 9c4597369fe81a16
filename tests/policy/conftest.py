"""The default pack and the two engines on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.policy.engine import PolicyEngine
from guard.policy.engines.embedded import EmbeddedEngine
from guard.policy.engines.opa_address import OpaAddress
from guard.policy.engines.opa_server import OpaServerEngine
from guard.policy.pack import Pack
from tests.servers.opa import OpaProcess

RULES = Path(__file__).resolve().parents[2] / "rules"


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The default pack."""
    return Pack.load(RULES)


@pytest.fixture(scope="session")
def policy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of compiled policies for the run."""
    return tmp_path_factory.mktemp("policy-cache")


@pytest.fixture(scope="session")
def embedded(pack: Pack, policy_cache: Path) -> EmbeddedEngine:
    """The default pack on the embedded engine."""
    return EmbeddedEngine(pack, cache=policy_cache)


@pytest.fixture(scope="session")
def on_opa(pack: Pack, opa_server: OpaProcess) -> Iterator[OpaServerEngine]:
    """The default pack on a real OPA server, with time enough for a busy machine."""
    engine = OpaServerEngine(pack, OpaAddress.parse(opa_server.url), deadline=5.0)
    yield engine
    engine.close()


@pytest.fixture(params=["embedded", pytest.param("on_opa", marks=pytest.mark.opa)])
def engine(request: pytest.FixtureRequest) -> PolicyEngine:
    """Each engine in turn."""
    found: PolicyEngine = request.getfixturevalue(request.param)
    return found
