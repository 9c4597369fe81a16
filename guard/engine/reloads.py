"""What guard says about itself when a changed rule pack takes over, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from guard.policy.engines.reloading import Reload

log = structlog.get_logger("guard.policy")


def tell(reload: Reload) -> None:
    """Logs the outcome; a refused pack is an error that somebody must see."""
    if reload.outcome == "swapped":
        log.info("policy.reloaded", revision=reload.revision)
    else:
        log.error("policy.reload_refused", keeps=reload.revision, problem=reload.problem, help=reload.help)


def recording_lost(error: OSError) -> None:
    """Logs that a question could not be kept for `guard rules replay`; decisions go on."""
    log.error("policy.recording_lost", problem=(error.strerror or type(error).__name__).lower())
