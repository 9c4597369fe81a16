"""`guard doctor`: the effective configuration with the origin of each value, and what is missing or disabled."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import guard
from guard.cli.decisions import short
from guard.cli.options import ConfigFile
from guard.cli.session import has_state, session, state_of
from guard.cli.tables import render_table
from guard.cli.terminal import out
from guard.errors import EXIT_CLEAN, EXIT_INCOMPLETE, GuardError

if TYPE_CHECKING:
    from guard.engine import Guard
    from guard.policy.engines.opa_status import BundleStatus

Check = tuple[str, str, str]  # part, state (`ok`, `not yet`, `absent`, `disabled`, `broken`), detail
Probe = tuple[str, Callable[[], str]]

OPTIONAL = {
    "presidio_analyzer": ("guard[presidio]", "Presidio's recognisers as further evidence"),
    "polars": ("guard[frames]", "scanning polars tables"),
    "pandas": ("guard[frames]", "scanning pandas tables"),
    "pypdf": ("guard[documents]", "reading Word, Excel, PowerPoint and PDF"),
}


def command(config: ConfigFile = None) -> int:
    """Print what guard would use, from where, and what does not work. Exit code 4 when something is broken.

    Nothing is made or changed by asking, and it works beside a guard that is running.
    """
    with session(config) as g:
        out(f"guard {guard.__version__}, Python {sys.version.split()[0]}\n\n")
        rows = [(origin.key, origin.value or "(none)", origin.origin) for origin in g.loaded.origins]
        out(render_table(("setting", "value", "from"), rows) + "\n")
        checks = [*_state(g), *_rooms(g), *_optional()]
    out(render_table(("part", "state", "detail"), checks))
    return EXIT_INCOMPLETE if any(state == "broken" for _, state, _ in checks) else EXIT_CLEAN


def _state(g: Guard) -> list[Check]:
    if not has_state(g):
        return [("state", "not yet", f"{state_of(g)} is made when guard records for the first time")]
    parts = g.parts
    return _probed(
        ("state", lambda: str(parts.state)),
        ("store", lambda: f"schema {parts.store.revision}"),
        ("audit log", lambda: f"{_published(g)} entries published, key {parts.verifier_key}"),
        ("clock", lambda: _clock(g)),
        ("keys", lambda: _keyring(g)),
    ) + _attested(g)


def _attested(g: Guard) -> list[Check]:
    """What each witness and the time-stamp authority did last."""
    from guard.engine.attest import parties

    settings = g.loaded.config.audit
    if not settings.witness_every_s and not settings.timestamp_every_s:
        return []
    try:
        found = parties(g.parts)
    except GuardError as error:
        return [("attestations", "broken", error.message)]
    checks: list[Check] = []
    for party in found:
        said = f"{party.size} entries at {party.at}" if party.at else "nothing yet"
        if party.failed:
            said = f"{party.failed}; {party.failures} times in a row; before that {said}"
        checks.append((f"attested by {party.name}", "broken" if party.failed else "ok", said))
    return checks or [("attestations", "not yet", "a running guard asks after its first interval")]


def _keyring(g: Guard) -> str:
    """Versions and what wraps them; opened to see that it opens, which is no use of a key and leaves no record."""
    from guard.engine.keyring import keyring_path

    if not os.path.lexists(keyring_path(g.loaded)) and not g.loaded.config.keys.root:
        return "made with the first pseudonym"
    state = g.keys.show()
    wrapped = f"wrapped under {state.kek}" if state.kek else "in clear"
    held = len(g.parts.subject_file.handles())
    people = f", keys of {held - 1} people" if held > 1 else ""
    return f"version {state.versions[-1]} of {', '.join(map(str, state.versions))}, {wrapped}{people}"


def _published(g: Guard) -> int:
    """Entries under the newest checkpoint; reading it needs no lock."""
    from guard.audit import reader

    head = reader.published(g.parts.audit_folder)
    return head.size if head else 0


def _clock(g: Guard) -> str:
    """Whether the log accepts the clock.

    Raises:
        AuditError: it runs behind the log's last entry.
    """
    from guard.audit import timestamp
    from guard.audit.times import require_in_order

    now = g.parts.clock()
    size = _published(g)
    latest = next((entry.time for _, entry in g.audit.entries(size - 1, size)), "") if size else ""
    require_in_order(timestamp(now), latest)
    return f"{timestamp(now)}, not before the log's last entry"


def _rooms(g: Guard) -> list[Check]:
    parts = g.parts

    def engine() -> str:
        # Any answer will do: an engine that judges an empty question can judge a real one.
        parts.engine.decide({"context": {"time": datetime.now(UTC).isoformat()}})
        return f"{parts.engine.name}, answers"

    probes: tuple[Probe, ...] = (
        ("rule pack", lambda: f"{len(parts.pack.rules)} rules, revision {short(parts.pack.revision)}"),
        (
            "classifier",
            lambda: f"{len(parts.classifier.taxonomy.kinds)} kinds, version {parts.classifier.version[:12]}",
        ),
    )
    # The embedded engine keeps compiled rules in the state folder, which asking must not make.
    if has_state(g) or g.loaded.config.policy.engine != "embedded":
        probes = (*probes, ("policy engine", engine))
    return _probed(*probes) + (_bundles(g) if g.loaded.config.policy.engine == "opa" else [])


def _bundles(g: Guard) -> list[Check]:
    """What an OPA server says of the bundles that it loads by itself."""
    from guard.policy.engines.opa_server import OpaServerEngine
    from guard.policy.engines.recording import RecordingEngine

    try:
        engine = g.parts.engine
        server = engine.inner if isinstance(engine, RecordingEngine) else engine
        found = server.bundles() if isinstance(server, OpaServerEngine) else ()
        wanted = g.parts.pack.revision
    except GuardError as error:  # a server that loads no bundle needs no status
        return [("bundles of the OPA server", "absent", f"{error.message}; {error.help}")]
    if not found:
        return [("bundles of the OPA server", "absent", "none; guard puts the rule pack there itself")]
    return [(f"bundle `{one.name}` of the OPA server", *_standing(one, wanted)) for one in found]


def _standing(bundle: BundleStatus, wanted: str) -> tuple[str, str]:
    """Whether a bundle is in force and is the pack that guard expects."""
    said = f"revision {short(bundle.revision)} since {bundle.activated}" if bundle.activated else "not yet active"
    if bundle.problem:
        return "broken", f"{bundle.problem}; before that {said}"
    if not bundle.activated:
        return "broken", said
    return "ok", said if bundle.revision == wanted else f"{said}; not the revision of the configured rule pack"


def _probed(*probes: Probe) -> list[Check]:
    found: list[Check] = []
    for name, probe in probes:
        try:
            found.append((name, "ok", probe()))
        except GuardError as error:
            found.append((name, "broken", f"{error.message}; {error.help}" if error.help else error.message))
    return found


def _optional() -> list[Check]:
    found: list[Check] = []
    for module, (extra, what) in OPTIONAL.items():
        if importlib.util.find_spec(module):
            found.append((what, "ok", importlib.metadata.version(module.replace("_", "-"))))
        else:
            found.append((what, "disabled", f"pip install '{extra}'"))
    opa = shutil.which("opa")
    found.append(("the opa program", "ok" if opa else "absent", 'only needed for `policy.engine = "opa"`'))
    return found
