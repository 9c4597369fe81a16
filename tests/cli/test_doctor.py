"""`guard doctor` on an OPA server that loads bundles by itself."""

from __future__ import annotations

import pytest

from guard.cli.commands.doctor import _standing
from guard.policy.engines.opa_status import BundleStatus

WANTED = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
SINCE = "2026-01-01T00:00:00Z"

STANDINGS = {
    "in force": (BundleStatus("r", WANTED, SINCE), ("ok", f"revision aaaaaaaaaaaa since {SINCE}")),
    "another pack": (
        BundleStatus("r", OTHER, SINCE),
        ("ok", f"revision bbbbbbbbbbbb since {SINCE}; not the revision of the configured rule pack"),
    ),
    "never loaded": (BundleStatus("r"), ("broken", "not yet active")),
    "no longer renewed": (
        BundleStatus("r", WANTED, SINCE, "request failed"),
        ("broken", f"request failed; before that revision aaaaaaaaaaaa since {SINCE}"),
    ),
}


@pytest.mark.parametrize("name", STANDINGS)
def test_the_standing_of_a_bundle(name):
    """Each state of a bundle has its words; one that is not in force is broken."""
    status, said = STANDINGS[name]
    assert _standing(status, WANTED) == said


@pytest.mark.opa
def test_a_server_without_bundles(guard, folder, opa_server):
    """Beside the engine that answers stands that the server tells nothing of bundles, which is no fault."""
    (folder / "guard.toml").write_text(f'[policy]\nengine = "opa"\nopa_url = "{opa_server.url}"\ndeadline_ms = 5000\n')
    done = guard("doctor")
    text = " ".join(done.out.split())
    assert done.code == 0
    assert "policy engine ok opa, answers" in text
    assert "bundles of the OPA server absent" in text
