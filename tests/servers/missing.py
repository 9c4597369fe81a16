"""What happens when a server that a test needs is not on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def server_missing(name: str, install: str) -> NoReturn:
    """Skips with the one line that installs the server; fails where everything must run."""
    if os.environ.get("GUARD_REQUIRE_SERVICES") == "1":
        pytest.fail(f"GUARD_REQUIRE_SERVICES=1, but {name} is missing; install it: {install}")
    pytest.skip(f"{name} is not on this machine; install it: {install}")
