"""What guard says when its log refuses the time, because the clock runs backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from guard.audit.times import RefusedTime

log = structlog.get_logger("guard.audit")


def time_refused(refused: RefusedTime) -> None:
    """Logs it: once, and again only after the clock was right in between."""
    from guard.audit.times import CURE

    log.error("audit.clock_runs_backwards", claimed=refused.claimed, latest=refused.latest, help=CURE)
