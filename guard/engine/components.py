"""The rooms of one guard, each opened when it is first needed and closed in the reverse order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from guard.config import Loaded, default_rules, resolve_secret
from guard.errors import StoreError
from guard.model import Sensitive

if TYPE_CHECKING:
    from guard.anonymize.dp.sql.metadata import Units
    from guard.anonymize.keys import Keyring
    from guard.anonymize.keys_subject import SubjectKeys
    from guard.anonymize.keys_subject_file import SubjectFile
    from guard.anonymize.mask_sql import Masks
    from guard.audit import AuditLog, PublicKey, Signer
    from guard.audit.people import People
    from guard.classify import Classifier
    from guard.classify.suppress import Suppression
    from guard.engine.dp_answer import PrivateAnswers
    from guard.engine.places import Places
    from guard.engine.project import Projector
    from guard.engine.standings import Standings
    from guard.lineage.label_rules import LabelRules
    from guard.policy.bundle.jws import VerificationKey
    from guard.policy.changes.recording import Recorder
    from guard.policy.engine import PolicyEngine
    from guard.policy.pack import Pack
    from guard.sources.source import Limits
    from guard.store.store import Store

T = TypeVar("T")
LOG_WAIT = 5.0  # seconds that a second process waits for the log; commands are short, a sidecar is not


class Components:
    """What `Guard` is wired from. A property opens its room once, under a lock."""

    def __init__(self, loaded: Loaded, clock: Callable[[], datetime]) -> None:
        self.loaded = loaded
        self.clock = clock
        self._lock = threading.RLock()
        self._open: dict[str, Any] = {}  # OWNED BY: _lock; in the order of opening
        self.inherited = 0  # entries that the log held before this process wrote to it

    def close(self) -> None:
        """Closes what is open, the last opened first; safe to call twice."""
        self.release("engine")  # its watching thread writes to the log
        with self._lock:
            rooms, self._open = list(self._open.values()), {}
        for room in reversed(rooms):
            close = getattr(room, "close", None)
            if close is not None:
                close()

    def release(self, *names: str) -> None:
        """Closes these rooms, in this order; each opens again when it is next needed."""
        for name in names:
            with self._lock:
                room = self._open.pop(name, None)
            close = getattr(room, "close", None)
            if close is not None:
                close()

    @property
    def state(self) -> Path:
        """The folder of guard's own state; made private on first use and kept out of version control."""
        return self._once("state", self._make_state)

    @property
    def rules(self) -> Path:
        """The folder of the rule pack."""
        named = self.loaded.config.rules
        return self.loaded.root / named if named else default_rules()

    @property
    def store(self) -> Store:
        """Catalogue, scans and lineage."""
        return self._once("store", self._open_store)

    @property
    def log(self) -> AuditLog:
        """The audit log, held by this process alone."""
        return self._once("log", self._open_log)

    def opened_log(self) -> AuditLog | None:
        """The audit log if this process writes it; opens nothing."""
        found: AuditLog | None = self._open.get("log")
        return found

    @property
    def shared_log(self) -> Sensitive[str] | None:
        """The URL of the log in PostgreSQL that several machines share; None where the log is this folder alone."""
        reference = self.loaded.config.audit.store
        return Sensitive(resolve_secret(reference, root=self.loaded.root).reveal().decode()) if reference else None

    @property
    def audit_folder(self) -> Path:
        """Where the audit log lies; reading it needs no lock."""
        return self.state / "audit"

    @property
    def verifier_key(self) -> PublicKey:
        """The log's public key."""
        return self._once("verifier_key", lambda: self._signer().public.all[0])

    @property
    def people(self) -> People:
        """Who stands behind the pseudonyms of the log."""
        return self._once("people", self._open_people)

    @property
    def classifier(self) -> Classifier:
        """The detectors with the pack's taxonomy and names."""
        return self._once("classifier", self._open_classifier)

    @property
    def suppressions(self) -> tuple[Suppression, ...]:
        """The findings that somebody accepted."""
        from guard.classify.suppress import load

        path = self.loaded.root / self.loaded.config.scan.suppressions
        return load(path, self.classifier.taxonomy.kinds)

    @property
    def pack(self) -> Pack:
        """The rule pack as files."""
        return self._once("pack", self._open_pack)

    @property
    def engine(self) -> PolicyEngine:
        """The engine that decides, as configured; keep it for one whole decision, for a reload may replace it."""
        opened: PolicyEngine = self._once("engine", self._open_engine)
        current: PolicyEngine = getattr(opened, "current", opened)
        if not self.loaded.config.policy.record:
            return current
        from guard.engine.reloads import recording_lost
        from guard.policy.engines.recording import RecordingEngine

        return RecordingEngine(current, self._once("recorder", self._open_recorder), lost=recording_lost)

    @property
    def keys(self) -> Keyring:
        """The keys of pseudonyms; that a wrapped keyring is opened stands in the log."""
        return self._once("keys", self._open_keys)

    @property
    def subject_file(self) -> SubjectFile:
        """Where the wrapped keys of subjects are."""
        return self._once("subject_file", self._open_subject_file)

    @property
    def subject_keys(self) -> SubjectKeys:
        """The keys of one person each."""
        return self._once("subject_keys", self._open_subject_keys)

    @property
    def masks(self) -> Masks:
        """The SQL forms of masks."""
        return self._once("masks", self._open_masks)

    @property
    def label_rules(self) -> LabelRules:
        """What functions do to labels."""
        return self._once("label_rules", self._open_label_rules)

    @property
    def standings(self) -> Standings:
        """What lineage says of every field."""
        return self._once("standings", self._open_standings)

    @property
    def places(self) -> Places:
        """Where datasets are and who owns them."""
        return self._once("places", self._open_places)

    @property
    def units(self) -> Units:
        """Whose rows the tables hold, and their public bounds, for differential privacy."""
        return self._once("units", self._open_units)

    @property
    def private_answers(self) -> PrivateAnswers:
        """Answers under differential privacy, paid for from the budget."""
        return self._once("private_answers", self._open_private_answers)

    @property
    def projector(self) -> Projector:
        """Carries recorded jobs into the lineage store and to OpenLineage."""
        return self._once("projector", self._open_projector)

    @property
    def query_limits(self) -> Limits:
        """Bounds of one query."""
        return self._once("query_limits", self._make_limits)

    def _once(self, name: str, make: Callable[[], T]) -> T:
        found: T | None = self._open.get(name)
        if found is None:
            with self._lock:
                found = self._open.get(name)
                if found is None:
                    found = make()
                    self._open[name] = found
        return found

    def _make_state(self) -> Path:
        folder: Path = self.loaded.root / self.loaded.config.state
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            ignore = folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
        except OSError as error:
            cause = (error.strerror or "unknown cause").lower()
            raise StoreError(
                f"state folder `{folder}` cannot be used: {cause}", help="make it writable, or name another by `state`"
            ) from None
        return folder

    def _make_limits(self) -> Limits:
        from guard.sources.source import Limits

        settings = self.loaded.config.query
        return Limits(rows=settings.max_rows, seconds=settings.timeout_s)

    def _open_store(self) -> Store:
        from guard.store.store import Store

        return Store.open(self.loaded.config.store or self.state / "guard.db")

    def open_log(self, signer: Signer) -> AuditLog:
        """The log of the configuration, opened anew under these keys; the caller closes it.

        Raises:
            AuditError: another process writes it, or it cannot be used.
        """
        from guard.engine.clock import time_refused

        log = self._log_under(signer)
        log.tell_refused_times(time_refused)
        return log

    def _log_under(self, signer: Signer) -> AuditLog:
        from guard.audit import AuditLog

        shared = self.shared_log
        if shared is None:
            return AuditLog.open(self.audit_folder, signer, clock=self.clock, wait=LOG_WAIT)
        from guard.audit.shared import open_shared

        wait = max(LOG_WAIT, self.loaded.config.audit.wait_s)
        return open_shared(shared, self.audit_folder, signer, clock=self.clock, wait=wait)

    def _open_log(self) -> AuditLog:
        from guard.audit import timestamp
        from guard.engine import shred
        from guard.engine.attest import attestor
        from guard.engine.erase import finish

        self._once("attestor", lambda: attestor(self))
        log = self.open_log(self._signer())
        self.inherited = log.size
        finish(self.people, log, time=timestamp(self.clock()))
        shred.finish(self.subject_file, log, time=timestamp(self.clock()))
        return log

    def _open_people(self) -> People:
        from guard.audit.people import People

        return People(self.state / "keys")

    def _signer(self) -> Signer:
        from guard.audit import keys, rotate

        path = self.state / "keys" / rotate.KEY_FILE
        # INVARIANT: a key is made only for a log that does not exist yet; a lost key is never replaced in silence.
        if path.exists() or self.audit_folder.exists():
            return rotate.signer(path.parent)
        return keys.create(path, "guard")

    def _open_classifier(self) -> Classifier:
        from guard.classify import Classifier

        return Classifier.load(self.rules)

    def _open_pack(self) -> Pack:
        from guard.policy.pack import Pack

        return Pack.load(self._pack_path, key=self._bundle_key())

    @property
    def _pack_path(self) -> Path:
        """The folder or the bundle that decides."""
        named = self.loaded.config.policy.bundle
        return self.loaded.root / named if named else self.rules / "policy"

    def _open_recorder(self) -> Recorder:
        from guard.policy.changes.recording import Recorder

        return Recorder(self.state / self.loaded.config.policy.record)

    def _bundle_key(self) -> VerificationKey | None:
        settings = self.loaded.config.policy
        if not settings.bundle_key:
            return None
        from guard.policy.bundle.jws import VerificationKey, read_key

        reference = settings.bundle_key
        if reference.startswith(("env:", "file:")):
            material = resolve_secret(reference, root=self.loaded.root)
        else:
            material = read_key(str(self.loaded.root / reference))
        return VerificationKey(material, settings.bundle_alg, scope=settings.bundle_scope)

    def _open_engine(self) -> PolicyEngine:
        settings = self.loaded.config.policy
        if settings.engine == "opa":
            from guard.policy.engines.opa_address import OpaAddress
            from guard.policy.engines.opa_server import OpaServerEngine

            token = None
            if settings.opa_token:
                token = Sensitive(resolve_secret(settings.opa_token, root=self.loaded.root).reveal().decode())
            address = OpaAddress.parse(
                settings.opa_url,
                token=token,
                ca_file=settings.opa_ca_file,
                client_cert=settings.opa_client_cert,
                client_key=settings.opa_client_key,
            )
            return OpaServerEngine(self.pack, address, deadline=settings.deadline_ms / 1000)
        if settings.reload_s:
            from guard.engine.reloads import record, tell
            from guard.policy.engines.reloading import ReloadingEngine
            from guard.policy.pack import Pack

            key = self._bundle_key()
            return ReloadingEngine(
                self._pack_path,
                lambda: Pack.load(self._pack_path, key=key),
                cache=self.state / "rego",
                interval=settings.reload_s,
                record=lambda swap: record(self, swap),
                tell=tell,
            )
        from guard.policy.engines.embedded import EmbeddedEngine

        return EmbeddedEngine(self.pack, cache=self.state / "rego")

    def _open_keys(self) -> Keyring:
        from guard.audit import timestamp
        from guard.engine.keyring import ACTOR, open_keyring
        from guard.engine.record import entry

        ring, state = open_keyring(self.loaded, self.state / "keys")
        if state.kek:  # who can unwrap it can read everything that stands under it
            body = {"act": "unwrap", "kek": state.kek, "versions": list(state.versions)}
            self.log.append(entry("key", time=timestamp(self.clock()), actor=ACTOR, body=body))
        return ring

    def _open_subject_file(self) -> SubjectFile:
        from guard.anonymize.keys_subject_file import FILE, SubjectFile

        return SubjectFile(self.state / "keys" / FILE)

    def _open_subject_keys(self) -> SubjectKeys:
        from guard.anonymize.keys_subject import SubjectKeys

        return SubjectKeys(self.keys, self.subject_file)

    def _open_masks(self) -> Masks:
        from guard.anonymize.mask_sql import Masks

        return Masks(self.keys)

    def _open_projector(self) -> Projector:
        from guard.engine.project import Projector

        return Projector(self)

    def _open_label_rules(self) -> LabelRules:
        from guard.lineage.label_rules import load

        folder = self.rules / "lineage"
        return load(folder if folder.is_dir() else default_rules() / "lineage")  # a pack may have none of its own

    def _open_standings(self) -> Standings:
        from guard.engine.standings import Standings

        return Standings(self)

    def _open_places(self) -> Places:
        from guard.engine.places import Places

        return Places(self.loaded.config.lineage.datasets)

    def _open_units(self) -> Units:
        from guard.anonymize.dp.sql.metadata import Units

        return Units.load(self.rules)

    def _open_private_answers(self) -> PrivateAnswers:
        from guard.anonymize.dp.budget import StoreLedger
        from guard.engine.dp_answer import PrivateAnswers
        from guard.engine.dp_record import record_row

        ledger = StoreLedger(
            self.store.ledger, on_row=lambda receipt: record_row(self, receipt, receipt.keys[0].subject)
        )
        return PrivateAnswers(ledger, self.store.answers, self.loaded.config.dp)

    def bounding_salt(self) -> int:
        """A secret that decides which groups of a person count where not all do; the same for each run."""
        key = self.keys.derive("guard", "dp-bounding", self.keys.versions[0])
        return int.from_bytes(key.reveal()[:6], "big")
