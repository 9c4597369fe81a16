"""What all tests share: the shared data, and servers that are started for the run and stopped after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.servers.postgres", "tests.servers.mariadb", "tests.servers.opa", "tests.servers.openbao"]

# A slow, busy machine is no fault of a test: no example has a deadline, and none is drawn against the clock. The same
# examples each time, so that a change is judged by itself; GUARD_EXAMPLES=new looks for others.
settings.register_profile(
    "guard",
    deadline=None,
    derandomize=os.environ.get("GUARD_EXAMPLES") != "new",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("guard")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def logging_of_its_own() -> Iterator[None]:
    """A program configures logging for its process; a test that runs one leaves the next test its own."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; not part of the project."""
    folder = SHARED / "data"
    if not folder.is_dir():
        if os.environ.get("GUARD_REQUIRE_SERVICES") == "1":
            pytest.fail(f"GUARD_REQUIRE_SERVICES=1, but {folder} is not there")
        pytest.skip(f"real data sets are not beside this checkout ({folder})")
    return folder
