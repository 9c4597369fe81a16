"""Values that cross package borders: frozen, typed, without behaviour beyond their own consistency.

No value here holds a cell of the user's data. `Sensitive` wraps the few that must travel (keys, bound
parameters) and prints only its type and length.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

T = TypeVar("T")


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the frozen values below; unknown fields are refused when decoding."""


class Sensitive(Generic[T]):
    """Carries a secret through guard; printing it shows its type and length, never its content."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The secret itself; the call is what a reviewer greps for."""
        return self._value

    def __repr__(self) -> str:
        size = f", len={len(self._value)}" if hasattr(self._value, "__len__") else ""
        return f"Sensitive({type(self._value).__name__}{size})"

    __str__ = __repr__

    def __reduce__(self) -> Any:
        msg = "a Sensitive value is not pickled"
        raise TypeError(msg)


# --- where data lives -------------------------------------------------------------------------------------


class Dataset(Value, frozen=True, order=True):
    """A table, view, file or frame, named as OpenLineage names it.

    `namespace` is the data source (`postgres://host:5432`, `duckdb:///abs/lake.db`, `file`), `name` is unique
    in it (`db.schema.table`, an absolute path). They are never joined into one string to be split again.
    """

    namespace: str
    name: str


class FieldRef(Value, frozen=True, order=True):
    """A column, or a path in it (`contact.phone`, `tags[]`), of a dataset."""

    dataset: Dataset
    path: str


class Column(Value, frozen=True):
    """A column as the engine describes it; `type` is the engine's own spelling."""

    name: str
    type: str
    nullable: bool = True
    comment: str = ""


class TableName(Value, frozen=True, order=True):
    """How SQL addresses a table in one source; parts that the engine does not have are empty."""

    name: str
    schema: str = ""
    catalog: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (self.catalog, self.schema, self.name) if part)


TableKind: TypeAlias = Literal["table", "view", "materialized_view", "foreign", "partition", "file", "frame"]


class Table(Value, frozen=True):
    """A relation of a source with its columns in order.

    `identity` pins the relation behind the name (PostgreSQL OID, file inode and size, ...): a table renamed or
    swapped behind guard's back gets another identity. `definition` is the SELECT of a view, else empty.
    """

    name: TableName
    dataset: Dataset
    columns: tuple[Column, ...]
    kind: TableKind = "table"
    rows: int | None = None  # the engine's estimate; None when unknown
    comment: str = ""
    definition: str = ""
    identity: str = ""

    def column(self, name: str) -> Column | None:
        """The column of exactly this name, or None."""
        return next((column for column in self.columns if column.name == name), None)


# --- what is sensitive ------------------------------------------------------------------------------------


class State(enum.StrEnum):
    """How exposed the values of a field are, from worst to best (design, section 4)."""

    RAW = "raw"
    GENERALISED = "generalised"
    PSEUDONYMISED = "pseudonymised"
    MASKED = "masked"
    AGGREGATED = "aggregated"
    DP = "dp"
    NONE = "none"


class Evidence(Value, frozen=True):
    """One reason for a verdict. `weight` is in bits of log-odds; the weights of a verdict add up to its score.

    `detail` names what was seen (`name token sfzh`, `498 of 500 values pass the check digit`), never a value.
    """

    source: Literal["prior", "value", "name", "comment", "type", "neighbour", "table", "presidio", "context", "user"]
    detail: str
    weight: float


class Finding(Value, frozen=True):
    """A kind seen in text: half-open span `[start, end)` in characters of the text as given."""

    kind: str
    start: int
    end: int
    score: float  # probability, 0..1
    evidence: tuple[Evidence, ...] = ()


class Label(Value, frozen=True, order=True):
    """kind + level + state on a field. `level` is 1 (public) to 5 (most secret), from the taxonomy."""

    kind: str
    level: int
    state: State = State.RAW


Verdict: TypeAlias = Literal["sensitive", "clean", "not_scanned"]


class FieldLabel(Value, frozen=True):
    """What guard knows of one field.

    `verdict` keeps *looked at and clean* apart from *not looked at*. `clean` states its honesty: with
    `looked_at` values seen, at most `upper_bound` of all values can be sensitive at 95 % confidence.
    """

    field: FieldRef
    verdict: Verdict
    label: Label | None = None
    score: float = 0.0  # probability of the label, 0..1; clean without a label: that it is sensitive all the same
    evidence: tuple[Evidence, ...] = ()
    others: tuple[tuple[str, float], ...] = ()  # further kinds with their probability, best first
    type: str = ""
    looked_at: int = 0  # values read, nulls included
    nulls: int = 0
    distinct: int = 0
    upper_bound: float = 1.0
    rules_version: str = ""
    reason: str = ""  # why not scanned
    identity: str = ""  # of the table when it was looked at; a swapped table has another


class SkippedTable(Value, frozen=True):
    """A table that a scan could not read, and why; it counts as not scanned."""

    name: str
    reason: str


class Contradiction(Value, frozen=True):
    """A scan and the propagated labels disagree: a finding. `seen` is None where a scan found the field clean."""

    field: FieldRef
    kind: str
    told: State
    seen: State | None
    help: str


class ScanReport(Value, frozen=True):
    """The result of a scan; `partial` when a table was skipped or failed."""

    id: str
    source: str  # the URI without secrets
    fields: tuple[FieldLabel, ...]
    tables: tuple[str, ...] = ()
    skipped: tuple[SkippedTable, ...] = ()
    rows: tuple[tuple[str, int | None], ...] = ()  # table, estimated rows
    counted: tuple[tuple[str, int], ...] = ()  # the same by the name of the dataset, where the rows are known
    seed: int = 0
    sample: int = 0
    rules_version: str = ""
    started: str = ""  # RFC 3339, UTC
    seconds: float = 0.0
    contradictions: tuple[Contradiction, ...] = ()  # where the lineage says otherwise
    unchanged: int = 0  # fields whose data did not change since an earlier scan, and was not read again
    cells_read: int = 0  # cells that this scan read
    rate: str = ""  # the share of cells that a kind must stand in to be found, as 1/1000; empty for a plain sample
    confidence: float = 0.0  # the probability with which it is found

    @property
    def partial(self) -> bool:
        """True when something asked for was not looked at."""
        return bool(self.skipped) or any(field.verdict == "not_scanned" for field in self.fields)

    @property
    def sensitive(self) -> tuple[FieldLabel, ...]:
        """The fields with a label."""
        return tuple(field for field in self.fields if field.verdict == "sensitive")


# --- who asks, and what the query touches -----------------------------------------------------------------

Attribute: TypeAlias = str | int | float | bool | tuple[str, ...]


class Subject(msgspec.Struct, frozen=True):
    """Who asks: an id, roles, and attributes that rules may use (`districts=("浦东",)`)."""

    id: str
    roles: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute | list[str]] = MappingProxyType({})

    def __post_init__(self) -> None:
        if not self.id or len(self.id) > 256:
            msg = "a subject needs an id of 1 to 256 characters"
            raise ValueError(msg)
        frozen = {key: tuple(value) if isinstance(value, list) else value for key, value in self.attributes.items()}
        msgspec.structs.force_setattr(self, "roles", tuple(self.roles))
        msgspec.structs.force_setattr(self, "attributes", MappingProxyType(frozen))

    def __hash__(self) -> int:
        return hash((self.id, self.roles, tuple(sorted(self.attributes.items(), key=lambda item: item[0]))))


class Use(enum.StrEnum):
    """How a statement uses a column."""

    OUTPUT = "output"
    FILTER = "filter"
    JOIN = "join"
    GROUP = "group"
    ORDER = "order"
    WINDOW = "window"
    AGGREGATE = "aggregate"
    CONDITIONAL = "conditional"


class ColumnUse(Value, frozen=True, order=True):
    """A base-table column and every way in which the statement uses it, transitively."""

    table: TableName
    column: str
    uses: tuple[Use, ...]


class Gap(Value, frozen=True):
    """guard does not know enough; a gap denies. `help` says what would close it."""

    code: Literal[
        "unparsed_sql",
        "unknown_table",
        "unknown_column",
        "ambiguous_column",
        "unclassified_column",
        "unsupported_statement",
        "unsupported_syntax",
        "unreviewed_function",
        "view_not_expanded",
        "unknown_subject",
        "unknown_purpose",
        "stale_catalogue",
        "too_large",
        "policy_unavailable",
        "undefined_decision",
        "not_private",
    ]
    what: str
    help: str


class QueryFacts(Value, frozen=True):
    """What one statement touches. With gaps the lists may be short, so gaps deny."""

    dialect: str
    statement: str  # "select", "insert", ...
    tables: tuple[TableName, ...] = ()
    columns: tuple[ColumnUse, ...] = ()
    functions: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    target: TableName | None = None  # the table that a write changes or makes


# --- the decision -----------------------------------------------------------------------------------------

Scalar: TypeAlias = str | int | float | bool | None


class Compare(Value, frozen=True, tag_field="op", tag="compare"):
    """`column <cmp> value`; NULL never passes."""

    column: str
    cmp: Literal["eq", "ne", "lt", "le", "gt", "ge"]
    value: Scalar


class In(Value, frozen=True, tag_field="op", tag="in"):
    """`column IN (values)`; an empty list passes no row."""

    column: str
    values: tuple[Scalar, ...]


class InTable(Value, frozen=True, tag_field="op", tag="in_table"):
    """`column IN (SELECT select FROM table WHERE where)`: an entitlement table, read unmasked and unfiltered."""

    column: str
    table: str
    select: str
    where: Predicate | None = None


class IsNull(Value, frozen=True, tag_field="op", tag="is_null"):
    """`column IS NULL`."""

    column: str


class And(Value, frozen=True, tag_field="op", tag="and"):
    """All hold; the empty conjunction holds."""

    all: tuple[Predicate, ...]


class Or(Value, frozen=True, tag_field="op", tag="or"):
    """At least one holds; the empty disjunction does not."""

    any: tuple[Predicate, ...]


class Not(Value, frozen=True, tag_field="op", tag="not"):
    """The inner predicate is not true; decided once: `(inner) IS NOT TRUE`."""

    inner: Predicate


Predicate: TypeAlias = Compare | In | InTable | IsNull | And | Or | Not


class RowFilter(Value, frozen=True, tag_field="type", tag="row_filter"):
    """Only rows for which the predicate is true exist for this subject and purpose."""

    table: TableName
    predicate: Predicate
    rule: str


class MaskCase(Value, frozen=True):
    """On rows for which `when` is true the column is seen through this transform; as it is if `transform` is empty."""

    when: Predicate
    transform: str
    params: Mapping[str, Scalar] = {}


class Mask(Value, frozen=True, tag_field="type", tag="mask"):
    """A column is seen only through a transform of the anonymise room; `params` as the transform documents.

    On each row the first of `cases` whose condition is true holds, and `transform` on every other row.
    """

    table: TableName
    column: str
    transform: str
    params: Mapping[str, Scalar] = {}
    rule: str = ""
    cases: tuple[MaskCase, ...] = ()


class MinimumGroup(Value, frozen=True, tag_field="type", tag="minimum_group"):
    """Only aggregates, and only over groups of at least `size` rows."""

    size: int
    rule: str


class MaxRows(Value, frozen=True, tag_field="type", tag="max_rows"):
    """At most this many rows leave guard."""

    rows: int
    rule: str


class DifferentialPrivacy(Value, frozen=True, tag_field="type", tag="differential_privacy"):
    """Only noisy aggregates, each answer epsilon-DP (or of equal zCDP cost), charged to a budget before it is read.

    `epsilon` and `delta` are exact decimal texts; `delta` is for group keys that are not public.
    """

    epsilon: str
    delta: str
    mechanism: Literal["laplace", "gaussian"]
    rule: str


Obligation: TypeAlias = RowFilter | Mask | MinimumGroup | MaxRows | DifferentialPrivacy


class Reason(Value, frozen=True):
    """A rule that determined the outcome, in the words of its author."""

    rule: str
    message: str
    columns: tuple[str, ...] = ()  # `schema.table.column`
    labels: tuple[Label, ...] = ()
    help: str = ""


class Decision(Value, frozen=True):
    """The answer to *may this subject run this statement for this purpose*, and why.

    Allowed exactly when a rule allows, no rule denies, none errs, and there is no gap.
    """

    id: str
    outcome: Literal["allow", "deny"]
    subject: str
    purpose: str
    determined_by: tuple[Reason, ...] = ()
    errored: tuple[Reason, ...] = ()
    gaps: tuple[Gap, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    monitored: tuple[Reason, ...] = ()  # what rules in monitor mode would have said; they decide nothing
    facts: QueryFacts | None = None
    labels: tuple[tuple[str, Label], ...] = ()  # `schema.table.column` and what the rules saw on it
    revision: str = ""  # of the rule pack
    engine: str = ""

    @property
    def allowed(self) -> bool:
        """True when the enforced statement may run."""
        return self.outcome == "allow"


# A column of Arrow text to one of the same length and type; it raises for no value. Engines in this process call it.
ColumnFunction: TypeAlias = Callable[[Any], Any]


class Probe(Value, frozen=True):
    """What is asked beside an answer under a minimum group: the keys and the number of rows of each group.

    `same` are the condition's comparisons of a column with one literal, `rest` is everything else that chooses rows,
    `keys` are what the rows are grouped by. All of it holds literals of the statement: none of it is kept as it stands.
    `plain`: rows of one table are chosen and grouped by values of columns alone.
    """

    sql: str
    table: TableName  # whose rows are counted
    parameters: Mapping[str, Any]
    same: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]
    keys: tuple[str, ...]
    plain: bool = False


class EnforcedQuery(Value, frozen=True):
    """SQL that gives the answer over the filtered and masked database.

    `parameters` are bound by name (`:guard_0`), in the dialect's own placeholder style after `sources` bound
    them. `masked` names each output column that a mask touches and the state it leaves.
    """

    sql: str
    dialect: str
    parameters: Mapping[str, Any] = {}
    tables: tuple[TableName, ...] = ()
    probes: tuple[Probe, ...] = ()


# --- lineage ----------------------------------------------------------------------------------------------

EdgeType: TypeAlias = Literal["DIRECT", "INDIRECT"]
EdgeSubtype: TypeAlias = Literal[
    "IDENTITY", "TRANSFORMATION", "AGGREGATION", "JOIN", "FILTER", "GROUP_BY", "SORT", "WINDOW", "CONDITIONAL"
]


class Edge(Value, frozen=True, order=True):
    """A column-lineage edge in OpenLineage's vocabulary.

    An INDIRECT edge that touches every output (a WHERE, a JOIN) has `target.path == "*"`.
    """

    source: FieldRef
    target: FieldRef
    type: EdgeType
    subtype: EdgeSubtype
    masking: bool = False  # only where guard's own rules say so
    # Of a DIRECT edge of SQL: each way that the value takes, as functions inside out (`trim > substring(7,8)`).
    how: tuple[str, ...] = ()


class OutputColumn(Value, frozen=True):
    """A result column of a statement, in order."""

    name: str
    edges: tuple[Edge, ...] = ()


class QueryLineage(Value, frozen=True):
    """Lineage of one statement or script; `target` is empty for a plain SELECT. Unknown is a gap, never empty."""

    dialect: str
    target: str = ""
    outputs: tuple[OutputColumn, ...] = ()
    edges: tuple[Edge, ...] = ()
    gaps: tuple[Gap, ...] = ()
    inputs: tuple[Dataset, ...] = ()  # every dataset read, also where no column of it acts (`SELECT 1 FROM t`)
    targets: tuple[Dataset, ...] = ()  # every dataset written, in the order of a script


JobKind: TypeAlias = Literal["query", "scan", "anonymize", "classify", "release", "lineage"]


class Job(Value, frozen=True):
    """What produced edges: a query, a scan, an anonymise run, a release, a document of another tool."""

    id: str
    kind: JobKind
    name: str
    started: str  # RFC 3339, UTC
    subject: str = ""
    purpose: str = ""
    entry: int | None = None  # index in the audit log
    place: tuple[tuple[str, str], ...] = ()  # of who got the result: (("country", "CN"), ("department", "fraud"))


# --- audit ------------------------------------------------------------------------------------------------

EntryKind: TypeAlias = Literal[
    "scan",
    "decision",
    "query",
    "classify",
    "anonymize",
    "release",
    "reidentification",
    "budget",
    "lineage",
    "config",
    "key",
    "erasure",
]


class Entry(Value, frozen=True):
    """One event of the audit log. `body` holds names, counts, hashes; never a data value."""

    v: int
    kind: EntryKind
    time: str  # RFC 3339, UTC, microseconds; empty: the log stamps it
    actor: str
    body: Mapping[str, Any]
    claimed: str = ""  # set by the log: the caller's time, when it lay behind an earlier entry's


class Checkpoint(Value, frozen=True):
    """A signed tree head: `root` is the RFC 6962 Merkle tree hash over `size` entries."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[str, ...] = ()


class Proof(Value, frozen=True):
    """Evidence that entry `index` is in the log of `checkpoint`; verifies offline with one public key."""

    index: int
    entry: bytes
    path: tuple[bytes, ...]
    checkpoint: str  # the signed note, as text
