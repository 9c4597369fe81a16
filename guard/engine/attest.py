"""Attestations by others, as configured: who is asked, how often, and what they did last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from guard.errors import ConfigError

if TYPE_CHECKING:
    from guard.audit.attest import Attestor, Party, Plan
    from guard.config import AuditSection
    from guard.engine.components import Components

STATUS = "attested.json"  # in the state folder

log = structlog.get_logger("guard.audit")


def plan_of(settings: AuditSection) -> Plan:
    """Whom the configuration names.

    Raises:
        ConfigError, KeyUnavailableError: a witness is not URL=KEY, more are needed than are named, or the authority is
            no HTTP address.
    """
    from guard.audit.ask_witness import WitnessAt
    from guard.audit.attest import Plan
    from guard.audit.timestamp_authority import HttpAuthority

    if settings.witnesses_needed > len(settings.witnesses):
        raise ConfigError(
            f"`audit.witnesses_needed` is {settings.witnesses_needed}, and {len(settings.witnesses)} are named",
            help="name more under audit.witnesses",
        )
    return Plan(
        witnesses=tuple(map(WitnessAt.parse, settings.witnesses)),
        needed=settings.witnesses_needed,
        witness_every=settings.witness_every_s,
        authority=HttpAuthority(settings.timestamp_url) if settings.timestamp_url else None,
        stamp_every=settings.timestamp_every_s,
    )


def attestor(parts: Components) -> Attestor | None:
    """What asks in the background, started; None where the configuration asks nobody.

    Raises:
        ConfigError, KeyUnavailableError: as `plan_of`.
    """
    settings: AuditSection = parts.loaded.config.audit
    if not settings.witness_every_s and not settings.timestamp_every_s:
        return None
    from guard.audit.attest import Attestor

    made = Attestor(
        parts.audit_folder,
        lambda: parts.verifier_key,
        plan_of(settings),
        status=status_path(parts),
        clock=parts.clock,
        tell=_tell,
    )
    return made.start()


def status_path(parts: Components) -> Path:
    """Where it stands what the parties did last."""
    return parts.state / STATUS


def parties(parts: Components) -> tuple[Party, ...]:
    """What each party did last; reading it needs no lock.

    Raises:
        AuditError: the status cannot be read.
    """
    from guard.audit.attest import read_status

    return read_status(status_path(parts)).parties


def _tell(party: Party) -> None:
    if party.failed:
        log.warning("attestation failed", party=party.name, cause=party.failed)
    else:
        log.info("attested", party=party.name, entries=party.size)
