"""An OPA server that loads guard's bundle by itself: guard asks it, and tells what it says of its bundles."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from guard.errors import PolicyUnavailableError
from guard.policy.bundle.build import build
from guard.policy.engines.opa_address import OpaAddress
from guard.policy.engines.opa_server import OpaServerEngine
from guard.policy.pack import Pack
from tests.policy.scripted import decided, facts
from tests.servers.opa import OpaProcess

PATIENCE = 20.0  # seconds until a bundle must have been activated


@pytest.mark.opa
def test_a_server_with_a_bundle(opa_binary: Path, pack: Pack, tmp_path: Path) -> None:
    """The bundle owns its roots, so guard can put nothing there; its revision is guard's, and so it decides."""
    (tmp_path / "rules.tar.gz").write_bytes(build(pack))
    resource = f"bundles.rules.resource=file://{tmp_path / 'rules.tar.gz'}"
    server = OpaProcess(opa_binary, tmp_path, arguments=("--set", resource, "--set", "status.console=true"))
    server.start()
    engine = OpaServerEngine(pack, OpaAddress.parse(server.url), deadline=5.0)
    try:
        end = time.monotonic() + PATIENCE
        while decided(engine, facts("phone"), purpose="treatment").outcome != "allow":
            assert time.monotonic() < end, "the bundle was not activated"
            time.sleep(0.1)
        (status,) = engine.bundles()
        assert (status.name, status.revision, status.problem) == ("rules", pack.revision, "")
        assert status.activated
    finally:
        engine.close()
        server.kill()


@pytest.mark.opa
def test_a_server_without_status(opa_server: OpaProcess, pack: Pack) -> None:
    """A server that tells no status is an error with its cure, and decides all the same."""
    engine = OpaServerEngine(pack, OpaAddress.parse(opa_server.url), deadline=5.0)
    try:
        with pytest.raises(PolicyUnavailableError, match="tells no status") as caught:
            engine.bundles()
        assert "status.console=true" in caught.value.help
        assert decided(engine, facts("phone"), purpose="treatment").outcome == "allow"
    finally:
        engine.close()
