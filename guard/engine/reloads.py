"""What guard records and says about itself when a changed rule pack takes over, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from guard.engine.components import Components
    from guard.policy.engines.reloading import Reload, Swap

log = structlog.get_logger("guard.policy")


def record(parts: Components, swap: Swap) -> None:
    """Puts the change into the audit log before it decides anything.

    Raises:
        AuditError: it is not on record, so it must not happen.
    """
    from guard.audit import timestamp
    from guard.engine.keyring import ACTOR
    from guard.engine.record import entry

    body = {
        "act": "reload",
        "revision": swap.revision,
        "before": swap.before,
        "rules": swap.rules,
        "watched": swap.watched,
    }
    parts.log.append(entry("config", time=timestamp(parts.clock()), actor=ACTOR, body=body))


def tell(reload: Reload) -> None:
    """Logs the outcome; a refused pack is an error that somebody must see."""
    if reload.outcome == "swapped":
        log.info("policy.reloaded", revision=reload.revision)
    else:
        log.error("policy.reload_refused", keeps=reload.revision, problem=reload.problem, help=reload.help)


def recording_lost(error: OSError) -> None:
    """Logs that a question could not be kept for `guard rules replay`; decisions go on."""
    log.error("policy.recording_lost", problem=(error.strerror or type(error).__name__).lower())
