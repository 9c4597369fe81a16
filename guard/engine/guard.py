"""The class `Guard`: one object that a program opens, asks and closes."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from guard import config as configuration
from guard.engine.anonymise import UNNAMED
from guard.engine.answering import answer, hand_out
from guard.engine.components import Components
from guard.engine.desk import Desk
from guard.engine.erase import Erasure, erase
from guard.engine.evidence import Evidence
from guard.engine.leave import Trail, leave
from guard.engine.rate import rows_to_find
from guard.engine.record import entry_of
from guard.engine.release import FRAMES, edges_of_scan
from guard.engine.result import Result
from guard.engine.scan import Progress, Request, scan
from guard.engine.trace import Trace
from guard.errors import PlanError, UsageError
from guard.model import Dataset, Decision, EnforcedQuery, FieldLabel, Finding, ScanReport, Subject

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.crypto.cipher import CipherName
    from guard.anonymize.files import Progress as FileProgressValue
    from guard.anonymize.plan import Plan
    from guard.anonymize.rows import Ports
    from guard.audit import PublicKey
    from guard.audit.prune import Pruned
    from guard.classify.scheme_report import SchemeReport
    from guard.classify.suppress import Gate
    from guard.engine.duties import Duties
    from guard.engine.keys import KeyOffice
    from guard.engine.reidentify import Reidentified, Turn
    from guard.engine.writing import WriteResult
    from guard.model import Table
    from guard.sql.catalogue import Catalogue
    from guard.store.store import Store

    FileProgress = Callable[[FileProgressValue], None]

Clock = Callable[[], datetime]
Language = Literal["en", "zh-Hans", "zh-Hant"]


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def open_guard(
    config: str | Path | None = None,
    *,
    folder: str | Path | None = None,
    operator: str | None = None,
    clock: Clock = now,
    settings: Mapping[str, Any] | None = None,
) -> Guard:
    """Opens guard; use it as a context manager.

    Args:
        config: a `guard.toml`; without it the one in `folder` (the working folder), or defaults.
        folder: where relative paths, and the state folder `.guard`, start from.
        operator: who runs guard, for the audit log; the user of the operating system by default.
        clock: the time, for tests.
        settings: override the file and the environment: `{"policy": {"engine": "opa"}}`.

    Raises:
        ConfigError: the configuration says something guard does not understand.
    """
    loaded = configuration.load(
        Path(config) if config else None, folder=Path(folder) if folder else None, overrides=settings
    )
    return Guard(loaded, operator=operator or _user(), clock=clock)


class Guard:
    """Wires the rooms; each opens when it is first needed. Safe to share between threads."""

    def __init__(self, loaded: configuration.Loaded, *, operator: str, clock: Clock = now) -> None:
        self.loaded = loaded
        self.operator = operator
        self._clock = clock
        self._parts = Components(loaded, clock)
        self._desk = Desk(self._parts, loaded, clock)

    def __enter__(self) -> Guard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finishes the record and releases files and connections; safe to call twice."""
        self._desk.close()
        self._parts.close()

    # --- what is sensitive --------------------------------------------------------------------------------

    def scan(
        self,
        source: object,
        tables: Sequence[str] | None = None,
        sample: int | None = None,
        seed: int | None = None,
        *,
        rate: Fraction | None = None,
        confidence: float = 0.95,
        full: bool = False,
        progress: Progress | None = None,
    ) -> ScanReport:
        """Samples a source read-only, classifies every column, and writes the labels into the catalogue.

        Args:
            source: a URI, a path or glob, or an Arrow, polars or pandas table.
            tables: globs of table names; all by default.
            sample: rows read of each table.
            seed: chooses the rows; the same seed on the same data gives the same report.
            rate: instead of `sample`: find the kinds that stand in this share of the cells. As many single rows are
                drawn as hold five such cells with probability `confidence` (`guard.classify.effort`), and every value
                of them is looked at.
            confidence: that probability.
            full: read also what did not change since an earlier scan, as far as the source can tell.
            progress: called after each table.

        Raises:
            SourceError: the source cannot be opened.
            NothingScannedError: no table matched.
            UsageError: `rate` with `sample`, or a rate or a confidence that no sample can give.
        """
        settings = self.loaded.config.scan
        if rate is not None:
            sample = rows_to_find(rate, confidence, sample)
        opened = self._desk.opened(source)
        try:
            request = Request(
                only=tables,
                sample=settings.sample if sample is None else sample,
                seed=settings.seed if seed is None else seed,
                seconds=settings.timeout_s,
                operator=self.operator,
                threads=settings.threads,
                full=full,
                rate="" if rate is None else str(rate),
                confidence=0.0 if rate is None else confidence,
            )
            return scan(self._parts, opened.source, request, clock=self._clock, progress=progress)
        finally:
            opened.forget()

    def classify_text(self, text: str) -> list[Finding]:
        """The kinds seen in a text, with their spans."""
        return self._parts.classifier.classify_text(text)

    def classify_document(self, path: str | Path) -> tuple[list[tuple[str, Finding]], str]:
        """The kinds seen in a Word, Excel, PowerPoint or PDF file, each with its place, and what of it was not read.

        A place is a paragraph, a cell (`Sheet1!B7`), a slide or a page; a span counts characters of that passage. A
        cell is judged beside the head of its column, as a text beside the words before it.

        Raises:
            SourceError: it cannot be read, or its library is not installed.
        """
        from guard.engine.documents import classify_document

        return classify_document(self._parts.classifier, Path(path))

    def classify_table(self, table: object, name: str | None = None) -> list[FieldLabel]:
        """The label of each column of an Arrow, polars or pandas table; works from names alone when it is empty.

        With a `name` it is a job on record, with edges from the columns of that frame to the labels; a table without
        one is nothing that anybody could ask about later.
        """
        from guard.sources.arrow import to_arrow

        frame = Dataset(FRAMES, name or UNNAMED)
        labels = self._parts.classifier.classify_table(to_arrow(table), dataset=frame)
        if name:
            trail = Trail("classify", name=name, edges=edges_of_scan(labels), body={"fields": len(labels)})
            leave(self._parts, trail, operator=self.operator, time=self._desk.time())
        return labels

    def scheme_report(
        self,
        scheme: str,
        *,
        as_of: date | None = None,
        report: ScanReport | None = None,
        labels: Sequence[FieldLabel] | None = None,
    ) -> SchemeReport:
        """What a law or standard says of all fields that guard knows, of one scan's, or of these, as of a day.

        Raises:
            UsageError: no such scheme.
            NothingScannedError: no field is known.
        """
        from guard.engine.scheme import scheme_report

        day = as_of or self._clock().date()
        return scheme_report(self._parts, scheme, as_of=day, scan=report, labels=labels)

    def gate(self, report: ScanReport, *, baseline: Path | None = None) -> Gate:
        """Which findings of a report somebody accepted (`scan.suppressions`), and which a baseline knows.

        Raises:
            ConfigError: the suppressions do not fit.
            UsageError: the baseline cannot be read.
        """
        from guard.classify.suppress import gate, read_baseline

        known = read_baseline(baseline) if baseline is not None else None
        return gate(report.fields, self._parts.suppressions, day=self._clock().date(), baseline=known)

    @property
    def levels(self) -> dict[str, int]:
        """The level of every kind, by the taxonomy."""
        return {kind: row.level for kind, row in self._parts.classifier.taxonomy.kinds.items()}

    def kind_name(self, kind: str, language: Language = "en") -> str:
        """What people call a kind."""
        known = self._parts.classifier.taxonomy.kinds.get(kind)
        return known.labels.of(language) if known else kind

    def kind_is_sensitive(self, kind: str) -> bool:
        """False for what is known and harmless by itself: a date, a web address; an unknown kind is sensitive."""
        known = self._parts.classifier.taxonomy.kinds.get(kind)
        return known is None or known.sensitive

    # --- who may see it -----------------------------------------------------------------------------------

    def check(
        self, sql: str, *, subject: Subject, purpose: str, source: object, dialect: str | None = None
    ) -> Decision:
        """Decides, records the decision, and runs nothing."""
        prepared, _ = self._desk.prepare(sql, subject, purpose, source, dialect)
        return self._desk.record(prepared)

    def rewrite(self, sql: str, *, subject: Subject, purpose: str, source: object, dialect: str | None = None) -> str:
        """The enforced SQL, with placeholders where secrets would be bound.

        Raises:
            AccessDeniedError: the decision is a denial.
        """
        return self.enforce(sql, subject=subject, purpose=purpose, source=source, dialect=dialect)[1].sql

    def enforce(
        self, sql: str, *, subject: Subject, purpose: str, source: object, dialect: str | None = None
    ) -> tuple[Decision, EnforcedQuery]:
        """The decision and the enforced query, for a caller that runs it on a connection of its own.

        Recorded as a query, durably, before it is handed out.

        Raises:
            AccessDeniedError: the decision is a denial.
        """
        prepared, opened = self._desk.prepare(sql, subject, purpose, source, dialect)
        return hand_out(self._desk, prepared, opened)

    def explain(
        self, sql: str, *, subject: Subject, purpose: str, source: object, dialect: str | None = None
    ) -> tuple[Decision, str]:
        """The decision, and the enforced SQL; the SQL is empty for a denial. Never raises for a denial."""
        prepared, _ = self._desk.prepare(sql, subject, purpose, source, dialect)
        return self._desk.record(prepared), prepared.enforced.sql if prepared.enforced else ""

    def query(
        self,
        sql: str,
        *,
        subject: Subject,
        purpose: str,
        source: object,
        dialect: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        reservation: int | None = None,
    ) -> Result:
        """Decides, enforces, runs, and answers; the record is durable before the answer is handed out.

        Args:
            sql: one SELECT in the source's dialect; `:name` stands for a bound parameter.
            subject: who asks.
            purpose: what for, as the rule pack names it.
            source: a URI, a path or glob, or an Arrow, polars or pandas table.
            dialect: must be the source's own, if given.
            parameters: values bound by name.
            reservation: under differential privacy, the row of the budget that was set aside for this.

        Raises:
            AccessDeniedError: with the rule, the column, the label and the cure.
            BudgetSpentError: the privacy budget, or the reservation, does not hold the cost; nothing was read.
            SourceError: the source refused the enforced SQL, or took too long.
            AuditError: the record could not be made durable; then there is no answer.
        """
        prepared, opened = self._desk.prepare(sql, subject, purpose, source, dialect, runs_here=True)
        return answer(self._desk, prepared, opened, parameters, reservation)

    def write(
        self,
        sql: str,
        *,
        subject: Subject,
        purpose: str,
        source: object,
        parameters: Mapping[str, Any] | None = None,
    ) -> WriteResult:
        """Decides, enforces, records and then runs one INSERT, UPDATE, DELETE, MERGE or CREATE TABLE AS.

        Only rows that the subject has are changed or deleted, only columns that it sees unmasked are written, new rows
        pass the row filters, and the labels of what was read go with it.

        Args:
            sql: one statement in the source's dialect; `:name` stands for a bound parameter.
            subject: who asks.
            purpose: what for, as the rule pack names it.
            source: a name or URI that the configuration lists in `writes.sources`.
            parameters: values bound by name.

        Raises:
            AccessDeniedError: no rule grants it, or it cannot be enforced.
            UsageError: the configuration does not let guard write there.
            SourceError: the source refused it; then nothing was written.
            AuditError: the record could not be made durable; then nothing was written.
        """
        from guard.engine.writing import hold_writable, run_write

        hold_writable(self.loaded.config, source)
        prepared, opened = self._desk.prepare(sql, subject, purpose, source, None)
        return run_write(self._desk, prepared, opened, parameters, self.loaded.config.writes.timeout_s)

    # --- how it is made safe ------------------------------------------------------------------------------

    def anonymize(self, table: object, plan: Plan, *, name: str | None = None) -> pa.Table:
        """Applies a plan to an Arrow, polars or pandas table; recorded before the result is handed out.

        Leaves lineage from each column of the frame `name` to the same column of `name.anonymised`.

        Raises:
            PlanError: the plan does not fit the table.
            TransformError: a transform cannot be applied to a column.
        """
        from guard.engine.anonymise import anonymize_table

        return anonymize_table(self._parts, table, plan, name=name, operator=self.operator, time=self._desk.time())

    def anonymize_file(
        self,
        source: Path,
        target: Path,
        plan: Plan,
        *,
        delimiter: str = ",",
        resume: bool = False,
        progress: FileProgress | None = None,
    ) -> int:
        """Writes `target` from `source` by a plan; it appears whole, after its record is durable, or not at all.

        With `resume` a run that was killed goes on. Returns the number of rows. Leaves lineage from each field of the
        input to its field of the output.
        """
        from guard.engine.anonymise import FileJob, anonymize_file

        job = FileJob(source, target, plan, delimiter=delimiter, resume=resume)
        return anonymize_file(self._parts, job, operator=self.operator, time=self._desk.time(), progress=progress)

    def derive_plan(self, source: object, *, purpose: str, model: str = "", scheme: str = "") -> Plan:
        """A plan from the labels of the last scan of `source`, with a reason for each choice.

        `model` says who will get the result (`research`, `public`, `test`: `rules/anonymize/defaults.yaml`); `scheme`
        takes levels from a classification scheme of the rules.

        Raises:
            PlanError: the source has not been scanned, or has more than one table, or there is no such model.
            UsageError: there is no such scheme.
        """
        from guard.anonymize.derive import Defaults, derive
        from guard.engine.release_levels import levels_of

        levels = levels_of(scheme, self._parts) if scheme else None
        defaults = Defaults.load(self._parts.rules)
        labels = self.catalogue(source)
        if not labels:  # an empty plan would look like one that has nothing to do
            raise PlanError("nothing is known of the fields of this source", help="scan it first: `guard scan SOURCE`")
        return derive(labels, defaults, purpose=purpose, model=model, levels=levels)

    @property
    def ports(self) -> Ports:
        """What transforms are handed from the other rooms: the classifier for free text, the store for tokens."""
        from guard.engine.ports import ports_of

        return ports_of(self._parts)

    def seal_personal(self, values: object, people: object, *, purpose: str, cipher: CipherName = "aes") -> pa.Array:
        """Each value under keys of the person in the same row alone; `erase` makes that person's values unreadable.

        Recorded before the tokens are handed out. `reidentify(..., people=...)` turns them back.

        Raises:
            TransformError: the columns differ in length or are not text, or a value stands beside no person.
            KeyUnavailableError: the keys of a person were destroyed.
        """
        from guard.anonymize.personal import seal
        from guard.anonymize.transforms.gcm import Params
        from guard.engine.reidentify import column_of

        cells, who = column_of(values), column_of(people)
        tokens = seal(cells, who, self._parts.subject_keys, purpose, Params(cipher=cipher))
        self.record("anonymize", {"purpose": purpose, "rows": len(cells), "fields": {"*": "gcm"}, "keys": "subjects"})
        return tokens

    def reidentify(
        self,
        values: object,
        made_by: Plan | Turn,
        *,
        subject: Subject,
        purpose: str,
        column: str = "",
        kind: str = "",
        people: object = None,
    ) -> Reidentified:
        """Turns pseudonyms back, if the policy says so: decided, counted, limited, and on record before a value leaves.

        Args:
            values: a column of pseudonyms, or a list.
            made_by: the plan that made them, with `column` and `kind`; or a `Turn`, which says it all.
            subject: who asks.
            purpose: what for, as the rule pack names it.
            column: the column of the plan.
            kind: what the values are, as the taxonomy names it.
            people: the column of people, for values that `seal_personal` sealed; a null where a person was erased.

        Raises:
            AccessDeniedError: no rule grants it, or it would be more than `reidentify.max_values`.
            PlanError: the plan makes no pseudonyms of the column, or nothing turns them back.
            TransformError: a value is no token, or one that does not open.
            AuditError, StoreError: it could not be counted and recorded, so nothing was turned back.
        """
        from guard.engine.reidentify import Turn, column_of, reidentify

        turn = made_by if isinstance(made_by, Turn) else Turn.of_plan(made_by, column, kind)
        who = None if people is None else column_of(people)
        return reidentify(self._parts, column_of(values), turn, subject=subject, purpose=purpose, people=who)

    @property
    def keys(self) -> KeyOffice:
        """The keyring: `show()`, `rotate()`, `retire(version)`, `rewrap()`, `export(...)`, `adopt(...)`."""
        from guard.engine.keys import KeyOffice

        return KeyOffice(self._parts, self.record, self._desk.forget_asks)

    # --- where from, where to; can you prove it ------------------------------------------------------------

    @property
    def audit(self) -> Evidence:
        """The audit log as evidence: `verify()`, `prove(index)`, `entries()`, `checkpoint()`."""
        return Evidence(self._parts)

    @property
    def lineage(self) -> Trace:
        """Questions to the recorded lineage: `find(name)`, `show(name)`, `jobs(field)`."""
        return Trace(self._parts)

    @property
    def store(self) -> Store:
        """guard's own state."""
        return self._parts.store

    @property
    def parts(self) -> Components:
        """The opened rooms, for the command line and the sidecar."""
        return self._parts

    def record(self, kind: str, body: Mapping[str, Any]) -> int:
        """Appends an entry of the operator; returns its index once it is durable."""
        person = self._parts.people.of(self.operator)
        return self._parts.log.append(entry_of(kind, person, time=self._desk.time(), body=body))

    def erase(self, subject: str) -> Erasure:
        """Destroys what tells who `subject` was, everywhere in guard's state; on record before it happens.

        The log's leaves, and all proofs over them, stay what they were: they hold a pseudonym and a sealed part, which
        nobody can open afterwards.

        Raises:
            UsageError: guard holds nothing of this subject.
            AuditError: the erasure could not be recorded, so nothing was erased; or another process writes the log.
        """
        erasure = erase(self._parts, subject, operator=self.operator, time=self._desk.time())
        self._desk.forget_asks()  # prepared answers hold the old pseudonym
        return erasure

    def prune(self) -> Pruned:
        """Removes entries that are older than `audit.retention_days`; on record before it happens.

        Raises:
            UsageError: no retention is configured, it is too short, or the log is on hold.
            AuditError: the log cannot be written.
        """
        from guard.audit.prune import Retention, prune

        settings = self.loaded.config.audit
        if not settings.retention_days:
            raise UsageError(
                "no retention is configured, so entries are kept for ever",
                help="set audit.retention_days in guard.toml",
            )
        try:
            policy = Retention(days=settings.retention_days, hold=settings.hold)
        except ValueError as error:
            raise UsageError(f"`audit.retention_days`: {error}", help="give a longer time") from None
        person = self._parts.people.of(self.operator)
        self.flush()  # what is removed has been projected
        return prune(
            self._parts.log,
            policy,
            lambda body: entry_of("config", person, time=self._desk.time(), body=body),
            now=self._clock(),
        )

    def rotate_key(self, *, retire: bool = False) -> PublicKey:
        """Changes the log's key: two keys sign from now on, or with `retire` the new one alone; gives the new one.

        Raises:
            KeyUnavailableError: a change is under way already, or there is none to end.
            AuditError: another process writes the log.
        """
        from guard.audit import rotate

        folder = self._parts.state / "keys"
        person = self._parts.people.of(self.operator)
        step = rotate.retire if retire else rotate.begin
        # The log is opened anew by the step, with the keys of the step.
        self._parts.release("projector", "log", "verifier_key")
        return step(
            folder,
            self._parts.open_log,
            lambda body: entry_of("key", person, time=self._desk.time(), body=body),
        )

    def flush(self) -> None:
        """Returns when lineage and events of everything answered so far are stored."""
        self._parts.projector.flush()

    def catalogue(self, source: object) -> Iterable[FieldLabel]:
        """What guard knows of a source's fields, from its last scan."""
        _, labels, _ = self._desk.opened(source).snapshot()
        return tuple(labels.values())

    def snapshot(self, source: object) -> Catalogue:
        """The tables of a source as they are now."""
        return self._desk.opened(source).snapshot()[0]

    def duties(self, table: Table, *, subject: Subject, purpose: str, source: object) -> Duties:
        """The row filters and masks of a table, for an engine that enforces by itself; records nothing.

        Raises:
            AccessDeniedError: the rules err or do not answer.
        """
        from guard.engine.duties import duties

        opened = self._desk.opened(source)
        catalogue, labels, _ = opened.snapshot()
        return duties(
            table,
            catalogue,
            labels,
            self._parts.engine,
            subject=subject,
            purpose=purpose,
            source=opened.source.uri,
            now=self._clock(),
            category_of=self._desk.category_of,
        )


def _user() -> str:
    """The user of the operating system; a container may run under a number that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
