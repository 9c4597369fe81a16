"""From SQL to a decision and, when it allows, to enforced SQL: the cold path of a query.

Everything here is wiring: the rooms do the work. What cannot be understood becomes a gap, and a gap denies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from guard.audit.entry import Fixed
from guard.engine.answer_edges import edges_of_answer
from guard.engine.people_in_answers import NONE, Identifiers, identifiers_of
from guard.engine.places import Place
from guard.engine.record import decision_body
from guard.errors import AccessDeniedError, ParseError, PolicyUnavailableError
from guard.lineage.edges import BETWEEN
from guard.lineage.extract import from_statement
from guard.model import (
    Dataset,
    Decision,
    DifferentialPrivacy,
    Edge,
    EnforcedQuery,
    FieldLabel,
    Gap,
    QueryFacts,
    Subject,
    TableName,
)
from guard.policy.decide import decide
from guard.policy.enforce import Enforced, enforce_text, review
from guard.policy.enforce.writes import enforce_write, is_write, review_write
from guard.policy.facts import extract
from guard.sql.catalogue import Catalogue
from guard.sql.masking import MaskSql
from guard.sql.parse import anonymised, fingerprint_of, read
from guard.store.lineage import digest_of

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

    from guard.anonymize.dp.sql.metadata import Units
    from guard.engine.dp import PrivateQuery
    from guard.engine.dp_form import Tables
    from guard.policy.engine import PolicyEngine
    from guard.sources.source import Source
    from guard.sql.lexed import Template


ANSWERS = "guard"  # OpenLineage namespace of answers


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: may this subject run this SQL for this purpose on this source, and how."""

    sql: str
    dialect: str
    subject: Subject
    purpose: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Prepared:
    """The answer to an ask, before it gets an id and a place in the log."""

    decision: Decision
    body: Fixed  # of its audit entries; holds no literal
    enforced: EnforcedQuery | None = None  # None when denied
    edges: tuple[Edge, ...] = ()
    digest: str = ""  # of the edges
    fingerprint: str = ""
    actor: str = ""  # the pseudonym of who asked; the body holds the sealed part
    place: Place = ()  # of who asked
    identifiers: Identifiers = NONE  # where the answer names people
    writes: bool = False  # `enforced` changes the source
    template: Template | None = None  # makes `enforced` for statements of the same shape
    private: PrivateQuery | None = None  # under differential privacy; `enforced` is then None


@dataclass(frozen=True, slots=True)
class DpRules:
    """What differential privacy needs to know of a source, read when it is first needed."""

    units: Callable[[], Units]
    salt: Callable[[], int]  # a secret that decides which groups of a unit count
    kept: Tables  # tables that were enforced for earlier questions


@dataclass(frozen=True, slots=True)
class Rooms:
    """What preparing needs from the rooms that do not know each other."""

    engine: PolicyEngine
    mask_sql: MaskSql
    category_of: Callable[[str], str]
    identifiers: frozenset[str] = frozenset()  # the kinds that answers are indexed by
    dp: DpRules | None = None  # what tables declare for differential privacy


def prepare(
    ask: Ask,
    source: Source,
    catalogue: Catalogue,
    labels: Mapping[tuple[TableName, str], FieldLabel],
    rooms: Rooms,
) -> Prepared:
    """Decides and, when allowed, enforces. Never raises for what the SQL says: that is a denial."""
    try:
        statement, lexed = read(ask.sql, ask.dialect)
    except ParseError as error:
        gap = Gap(code=error.gap, what=error.message, help=error.help)
        facts = QueryFacts(dialect=ask.dialect, statement="", gaps=(gap,))
        return _finish(_bare_denial(ask, rooms, gap, facts), source)
    facts = extract(statement, catalogue)
    named = {gap.code for gap in facts.gaps} & {"unknown_table", "unknown_column"}
    writes = is_write(statement)
    gaps_found = review_write(statement, catalogue) if writes else review(statement, catalogue)
    reviewed = [gap for gap in gaps_found if gap.code not in named]
    lacking = _lacking(reviewed) if rooms.dp is not None and not writes else ()
    gaps = (*facts.gaps, *(gap for gap in reviewed if gap not in lacking))
    gaps = (*gaps, *_unscanned(facts, {table for table, _ in labels}))
    facts = msgspec.structs.replace(facts, gaps=tuple(dict.fromkeys(gaps)))
    decision = _decide(ask, facts, lambda table, column: labels.get((table, column)), source.uri, rooms)
    text = anonymised(statement, dialect=ask.dialect)
    said = _Said(text, fingerprint_of(text))
    private = any(isinstance(owed, DifferentialPrivacy) for owed in decision.obligations)
    if lacking and not private:
        for gap in lacking:
            decision = _deny(decision, gap)
    if not decision.allowed:
        return _finish(decision, source, said)
    if private:
        return _private(statement, source, catalogue, decision, rooms, said)
    try:
        if writes:
            enforced, template = Enforced(enforce_write(statement, catalogue, decision, rooms.mask_sql))
        else:
            enforced, template = enforce_text(statement, lexed, catalogue, decision, rooms.mask_sql)
    except AccessDeniedError as error:
        return _finish(
            _deny(decision, Gap(code="unsupported_syntax", what=error.message, help=error.help)), source, said
        )
    stray = "" if writes else _stray_relations(source, catalogue, enforced)
    if stray:
        gap = Gap(
            code="stale_catalogue",
            what=f"the engine would read `{stray}`, which guard did not see in the statement",
            help="run `guard scan` on the source, then try again",
        )
        return _finish(_deny(decision, gap), source, said)
    lineage = from_statement(statement, catalogue, namespace=source.namespace, how=True)
    edges = edges_of_answer(lineage, decision, catalogue, Dataset(ANSWERS, f"{said.fingerprint}.result"))
    prepared = _finish(decision, source, said, enforced, edges)
    if writes:
        return dataclasses.replace(prepared, writes=True)
    found = identifiers_of(statement, lineage, edges, catalogue, labels, rooms.identifiers)
    return dataclasses.replace(prepared, identifiers=found, template=template)


def _lacking(gaps: list[Gap]) -> tuple[Gap, ...]:
    """Aggregates that the engine lacks: in the way of every answer but a private one, which guard computes itself."""
    if not any(gap.code == "unreviewed_function" for gap in gaps):
        return ()
    from guard.engine.dp import computed_here

    return tuple(gap for gap in gaps if computed_here(gap))


def _private(
    statement: Expression,
    source: Source,
    catalogue: Catalogue,
    decision: Decision,
    rooms: Rooms,
    said: _Said,
) -> Prepared:
    """The private form of a statement, or a denial; `enforced` stays None, so nothing else can run it."""
    from guard.anonymize.dp.sql.refusal import Refusal
    from guard.engine.dp import accepted_query, gap_of

    assert rooms.dp is not None
    try:
        private = accepted_query(
            statement,
            catalogue,
            decision,
            rooms.mask_sql,
            units=rooms.dp.units(),
            salt=rooms.dp.salt(),
            stray=lambda enforced: _stray_relations(source, catalogue, enforced),
            kept=rooms.dp.kept,
        )
    except (Refusal, AccessDeniedError) as error:
        return _finish(_deny(decision, gap_of(error)), source, said)
    lineage = from_statement(statement, catalogue, namespace=source.namespace, how=True)
    noise = (private.rule.epsilon, private.rule.delta)
    answer = Dataset(ANSWERS, f"{said.fingerprint}.result")
    edges = edges_of_answer(lineage, decision, catalogue, answer, noise=noise)
    noisy = tuple(
        msgspec.structs.replace(
            edge, masking=True, how=tuple(f"{way}{BETWEEN}guard:dp" if way else "guard:dp" for way in edge.how or ("",))
        )
        if edge.type == "DIRECT"
        else edge
        for edge in edges
    )
    return dataclasses.replace(_finish(decision, source, said, None, noisy), private=private)


def _unscanned(facts: QueryFacts, scanned: Set[TableName]) -> Iterator[Gap]:
    """A gap for each table that nobody looked at: `count(*)` reads it without naming a column that a rule could see."""
    for table in facts.tables:
        if table not in scanned:
            yield Gap(
                code="unclassified_column",
                what=f"table `{table}` has not been scanned",
                help="run `guard scan` on the source",
            )


@dataclass(frozen=True, slots=True)
class _Said:
    """The statement as a log may hold it: without literals."""

    sql: str = ""
    fingerprint: str = ""


def _finish(
    decision: Decision,
    source: Source,
    said: _Said = _Said(),
    enforced: EnforcedQuery | None = None,
    edges: tuple[Edge, ...] = (),
) -> Prepared:
    digest = digest_of(edges)
    body = decision_body(decision, source=source.uri, sql=said.sql, fingerprint=said.fingerprint, edges=digest)
    return Prepared(decision, Fixed(body), enforced, edges, digest, said.fingerprint)


def _decide(
    ask: Ask,
    facts: QueryFacts,
    label_of: Callable[[TableName, str], FieldLabel | None],
    source: str,
    rooms: Rooms,
) -> Decision:
    try:
        return decide(
            facts,
            label_of,
            subject=ask.subject,
            purpose=ask.purpose,
            source=source,
            now=ask.now,
            decision_id="",
            engine=rooms.engine,
            category_of=rooms.category_of,
        )
    except PolicyUnavailableError as error:
        gap = Gap(code="policy_unavailable", what=error.message, help=error.help)
        return _bare_denial(ask, rooms, gap, facts)


def _bare_denial(ask: Ask, rooms: Rooms, gap: Gap, facts: QueryFacts) -> Decision:
    return Decision(
        id="",
        outcome="deny",
        subject=ask.subject.id,
        purpose=ask.purpose,
        gaps=(gap,),
        facts=facts,
        revision=rooms.engine.revision,
        engine=rooms.engine.name,
    )


def _deny(decision: Decision, gap: Gap) -> Decision:
    """The decision turned into a denial, determined by the gap; nothing is owed, since nothing runs."""
    return msgspec.structs.replace(
        decision, outcome="deny", determined_by=(), gaps=(*decision.gaps, gap), obligations=()
    )


def _stray_relations(source: Source, catalogue: Catalogue, enforced: EnforcedQuery) -> str:
    """A relation that the engine itself would read beyond those that enforcement accounted for."""
    seen = source.relations(enforced)
    if seen is None:
        return ""
    known = {(table.schema or catalogue.default_schema, table.name) for table in enforced.tables}
    strays = sorted(str(table) for table in seen if (table.schema or catalogue.default_schema, table.name) not in known)
    return strays[0] if strays else ""
