"""The proof: the text that is about to run is parsed again and held against the decision, from nothing.

This module shares no code with the rewriter. It does not know what was done, only what must be true: every base table
stands in a wrap with its full name, every filter of the decision is in the wrap's WHERE, behind a fence where anything
can fail on a value, no masked column comes out bare, every other relation is a common table expression with a reserved
name, every call is of a reviewed built-in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from guard.errors import ParseError
from guard.model import Decision, InTable, Mask, MaskCase, MaxRows, MinimumGroup, Predicate, RowFilter, Table, TableName
from guard.policy.enforce import golden
from guard.policy.enforce.allowed import STATEMENTS
from guard.policy.enforce.deny import denied
from guard.policy.enforce.functions import BUILTIN_SCHEMA, GRAMMAR, SYNTAX, calls, reviewed
from guard.policy.enforce.reading import says
from guard.policy.enforce.review import syntax_gaps
from guard.policy.enforce.standing import needs_fence, stands
from guard.sql.limits import SCRIPT_LIMITS
from guard.sql.parse import parse_tokens, tokenise

if TYPE_CHECKING:
    from guard.sql.catalogue import Catalogue

_WRAP: Final = "guard_t"
_ENTITLEMENT: Final = re.compile(r"guard_e[0-9]+")
_CTE: Final = re.compile(r"guard_cte_[0-9]+")
_WRAP_PARTS: Final = frozenset({"expressions", "from_", "where", "limit", "offset"})


def prove(sql: str, catalogue: Catalogue, decision: Decision) -> None:
    """Returns when `sql` provably keeps the decision.

    Raises:
        AccessDeniedError: something in it is not accounted for; this is a fault in guard, and nothing runs.
    """
    prover, tokens = _read(sql, catalogue, decision)
    prover.relations()
    prover.fences()
    prover.statement()
    prover.functions(sql, tokens)
    prover.bounds()


@dataclass(frozen=True, slots=True)
class ProvedWrap:
    """What the proof of a wrap by itself found."""

    table: TableName
    filtered: bool
    fenced: bool


def prove_wrap(text: str, table: Table, catalogue: Catalogue, decision: Decision) -> ProvedWrap:
    """What is true of the wrap `text`, which may stand in the place of `table` in any statement under `decision`.

    Raises:
        AccessDeniedError: it does not keep the decision, or it is not one wrap of that table.
    """
    sql = f'SELECT * FROM {text} AS "guard_w"'
    prover, tokens = _read(sql, catalogue, decision)
    prover.relations()
    prover.fences()
    prover.statement()
    prover.functions(sql, tokens)
    return prover.only_wrap(table)


def _read(sql: str, catalogue: Catalogue, decision: Decision) -> tuple[_Prover, Sequence[Any]]:
    try:
        reader, tokens = tokenise(sql, catalogue.dialect, limits=SCRIPT_LIMITS)
        statements = parse_tokens(sql, reader, tokens, limits=SCRIPT_LIMITS)
    except ParseError:
        raise _fault("the enforced text does not parse", decision) from None
    if len(statements) != 1:
        raise _fault("the enforced text is not one statement", decision)
    return _Prover(statements[0], catalogue, decision), tokens


class _Prover:
    def __init__(self, tree: exp.Expr, catalogue: Catalogue, decision: Decision) -> None:
        self._tree = tree
        self._catalogue = catalogue
        self._decision = decision
        owed = decision.obligations
        self._filters = [each for each in owed if isinstance(each, RowFilter)]
        self._masks = {(each.table, each.column): each.cases for each in owed if isinstance(each, Mask)}
        self._entitlements = {name for each in self._filters for name in _entitlements(each.predicate)}
        self._wraps: list[exp.Select] = []
        self._masked: dict[int, exp.Expr] = {}  # the masks in the text: guard's own trees, from reviewed transforms

    def statement(self) -> None:
        """A query, made only of reviewed syntax."""
        self._hold(isinstance(self._tree, STATEMENTS), "the enforced text is not a query")
        gap = next(syntax_gaps(self._tree, self._catalogue.dialect, self._masked.keys()), None)
        self._hold(gap is None, f"the enforced text holds {gap.what if gap else ''}")

    def functions(self, sql: str, tokens: Sequence[Any]) -> None:
        """Every call in the text, token by token, is grammar or a reviewed built-in by its full name."""
        dialect = self._catalogue.dialect
        names, schema = reviewed(dialect).names, BUILTIN_SCHEMA[dialect]
        masks: frozenset[str] | None = None  # what masks call, found when a name is on no list
        for call in calls(sql, dialect, tokens):
            if call.quoted:
                continue  # an alias with its columns; a quoted function does not pass the reviewed syntax
            grammar = call.name in SYNTAX or call.name in GRAMMAR[dialect]
            if not grammar and call.name not in names:
                masks = self._called_by_masks() if masks is None else masks
                self._hold(call.name in masks, f"the enforced text calls `{call.name}`")
            self._hold(call.path == (() if grammar else schema), f"`{call.name}` is not called by its full name")

    def _called_by_masks(self) -> frozenset[str]:
        dialect = self._catalogue.dialect
        texts = (mask.sql(dialect=dialect) for mask in self._masked.values())
        return frozenset(call.name for text in texts for call in calls(text, dialect))

    def relations(self) -> None:
        """Every table node is a wrap's, an entitlement's, a renamed common table expression's, or a function's."""
        for node in self._tree.find_all(exp.Table):
            if isinstance(node.this, exp.Func):
                continue
            if _CTE.fullmatch(node.name) and not node.args.get("db"):
                self._hold(self._in_scope(node), f"`{node.name}` is not in scope")
                continue
            table = self._catalogue.find(node)
            self._hold(table is not None, f"`{node.name}` is not in the catalogue")
            assert table is not None
            self._hold(bool(node.args.get("db")) or not table.name.schema, f"`{table.name}` is not qualified")
            self._hold(table.kind not in {"view", "partition"}, f"`{table.name}` is a {table.kind}")
            if _ENTITLEMENT.fullmatch(node.alias):
                self._entitlement(node, table)
            else:
                self._wrap(node, table)

    def fences(self) -> None:
        """Where anything can fail on a value, every wrap with a filter ends in its fence; no other part is cut."""
        dialect = self._catalogue.dialect
        filtered = [wrap for wrap in self._wraps if wrap.args.get("where") is not None]
        known = {id(wrap) for wrap in self._wraps}  # by identity: a name could be anybody's
        needed = bool(filtered) and needs_fence(self._tree, lambda node: id(node) in known)
        for wrap in self._wraps:
            cut = bool(wrap.args.get("limit") or wrap.args.get("offset"))
            if dialect in golden.GOLDEN:
                fenced = not needed or wrap.args.get("where") is None or golden.stands(wrap)
                self._hold(not cut and fenced, "a row filter stands without its fence")
            elif cut or (needed and wrap.args.get("where") is not None):
                self._hold(stands(wrap, dialect), "a row filter stands without its fence")

    def only_wrap(self, table: Table) -> ProvedWrap:
        """The one wrap in `SELECT * FROM (wrap) AS "guard_w"`."""
        source = self._tree.args.get("from_") if isinstance(self._tree, exp.Select) else None
        plain = {part for part, value in self._tree.args.items() if value} <= {"expressions", "from_"}
        self._hold(source is not None and plain and len(self._wraps) == 1, "a wrap is more than a wrap")
        wrap = self._wraps[0]
        assert source is not None
        held = isinstance(source.this, exp.Subquery) and source.this.alias == "guard_w"
        self._hold(held, "a wrap is not a subquery by itself")
        self._hold(self._catalogue.find(wrap.args["from_"].this) is table, f"the wrap is not of `{table.name}`")
        return ProvedWrap(table.name, wrap.args.get("where") is not None, stands(wrap, self._catalogue.dialect))

    def bounds(self) -> None:
        """The row limit stands outside, and every wrap under a minimum group is counted."""
        for owed in self._decision.obligations:
            if isinstance(owed, MaxRows):
                query = self._tree.unnest() if isinstance(self._tree, exp.Subquery) else self._tree
                limit = query.args.get("limit")
                count = limit.args.get("expression") or limit.args.get("count") if limit is not None else None
                known = isinstance(count, exp.Literal) and count.is_int
                self._hold(known and count is not None and int(count.name) <= owed.rows, "the row limit is missing")
            if isinstance(owed, MinimumGroup):
                for wrap in self._wraps:
                    self._hold(_counted(wrap, owed.size), "a group is not counted")

    def _in_scope(self, node: exp.Table) -> bool:
        parent: exp.Expr | None = node.parent
        while parent is not None:
            with_ = parent if isinstance(parent, exp.With) else parent.args.get("with_")
            if isinstance(with_, exp.With) and any(cte.alias == node.name for cte in with_.expressions):
                return True
            parent = parent.parent
        return False

    def _entitlement(self, node: exp.Table, table: Table) -> None:
        where = node.find_ancestor(exp.Where)
        named = {self._named(name) for name in self._entitlements}
        self._hold(where is not None and table.name in named, f"`{table.name}` is read outside of a filter")
        owner = node.find_ancestor(exp.Select)
        while where is not None and not self._is_wrap(where.parent):
            where = where.find_ancestor(exp.Where)
        self._hold(where is not None and owner is not None, f"`{table.name}` is read outside of a filter")

    def _named(self, name: str) -> TableName | None:
        table = self._catalogue.find(exp.to_table(name, dialect=self._catalogue.dialect))
        return table.name if table else None

    def _is_wrap(self, node: exp.Expr | None) -> bool:
        source = node.args.get("from_") if isinstance(node, exp.Select) else None
        return source is not None and isinstance(source.this, exp.Table) and source.this.alias == _WRAP

    def _wrap(self, node: exp.Table, table: Table) -> None:
        select = node.parent.parent if isinstance(node.parent, exp.From) else None
        name = f"`{table.name}`"
        self._hold(node.alias == _WRAP and isinstance(select, exp.Select), f"{name} is not wrapped")
        assert isinstance(select, exp.Select)
        self._hold(isinstance(select.parent, exp.Subquery), f"{name} is not wrapped in a subquery")
        extra = {part for part, value in select.args.items() if value} - _WRAP_PARTS
        self._hold(not extra and not node.args.get("joins"), f"the wrap of {name} does more than read it")
        for output in select.expressions:
            self._output(output, table)
        self._qualified(select, name)
        where = select.args.get("where")
        conjuncts = list(where.this.flatten()) if where is not None and isinstance(where.this, exp.And) else []
        conjuncts = conjuncts or ([where.this] if where is not None else [])
        for owed in self._filters:
            if owed.table == table.name:
                held = any(says(_met(part), owed.predicate, self._catalogue.dialect) for part in conjuncts)
                self._hold(held, f"the filter of rule `{owed.rule}` is not on {name}")
        self._wraps.append(select)

    def _output(self, output: exp.Expr, table: Table) -> None:
        name = f"`{table.name}`"
        self._hold(isinstance(output, exp.Alias), f"the wrap of {name} has an output without a name")
        column = table.column(output.alias)
        self._hold(column is not None, f"the wrap of {name} shows what is not its column")
        if self._catalogue.dialect in golden.GOLDEN:
            value, behind = golden.shown(output.this)
            if behind is not None:  # a filter that stands before the value, too
                output = exp.Alias(this=value, alias=output.args["alias"])
        bare = isinstance(output.this, exp.Column)
        if (table.name, output.alias) in self._masks:
            self._forms(output, self._masks[table.name, output.alias], name)
            self._masked[id(output.this)] = output.this
        elif bare:
            self._hold(output.this.name == output.alias, f"the wrap of {name} exchanges columns")
        else:
            empty = output.this.this if isinstance(output.this, exp.Cast) else output.this
            self._hold(isinstance(empty, exp.Null), f"the wrap of {name} computes a column that has no mask")

    def _forms(self, output: exp.Expr, cases: tuple[MaskCase, ...], name: str) -> None:
        """No form of a masked column is a column, but its own where a case says so, on the rows of that case."""
        value = _uncast(output.this)
        if cases:
            ifs = value.args.get("ifs") or []
            plain = isinstance(value, exp.Case) and value.this is None and len(ifs) == len(cases)
            self._hold(plain and value.args.get("default") is not None, f"a mask of {name} lacks its cases")
            for case, branch in zip(cases, ifs, strict=True):
                held = says(branch.this, case.when, self._catalogue.dialect)
                self._hold(held, f"a case of a mask of {name} has another condition")
                form = _uncast(branch.args["true"])
                bare = isinstance(form, exp.Column)
                right = bare and form.name == output.alias if not case.transform else not bare
                self._hold(right, f"a masked column of {name} comes out bare")
            value = _uncast(value.args["default"])
        self._hold(not isinstance(value, exp.Column), f"a masked column of {name} comes out bare")

    def _qualified(self, select: exp.Select, name: str) -> None:
        for column in select.find_all(exp.Column):
            own = column.table == _WRAP or _ENTITLEMENT.fullmatch(column.table)
            self._hold(bool(own), f"the wrap of {name} reads a column that is not its own")

    def _hold(self, fact: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as the sentence that it is
        if not fact:
            raise _fault(otherwise, self._decision)


def _uncast(node: exp.Expr) -> exp.Expr:
    value = node.unnest()
    while isinstance(value, exp.Cast):
        value = value.this.unnest()
    return value


def _met(conjunct: exp.Expr) -> exp.Expr:
    """What a row must meet: `CASE WHEN condition THEN TRUE END` keeps exactly the rows that `condition` keeps."""
    node = conjunct.unnest()
    ifs = node.args.get("ifs") or []
    if not isinstance(node, exp.Case) or node.this is not None or node.args.get("default") is not None or len(ifs) != 1:
        return conjunct
    return ifs[0].this if ifs[0].args.get("true") == exp.true() else conjunct


def _entitlements(predicate: Predicate) -> list[str]:
    match predicate:
        case InTable(table=table, where=where):
            return [table, *(_entitlements(where) if where is not None else [])]
    parts = getattr(predicate, "all", None) or getattr(predicate, "any", None) or ()
    inner = getattr(predicate, "inner", None)
    return [name for part in (*parts, *([inner] if inner is not None else [])) for name in _entitlements(part)]


def _counted(wrap: exp.Select, size: int) -> bool:
    """Some query above the wrap keeps only groups of `size` rows, as the first of its conditions."""
    above = wrap.find_ancestor(exp.Select)
    while above is not None:
        having = above.args.get("having")
        if having is not None:
            first = next(having.this.flatten()) if isinstance(having.this, exp.And) else having.this
            return isinstance(first, exp.GTE) and _counts_all(first.this) and first.expression.name == str(size)
        above = above.find_ancestor(exp.Select)
    return False


def _counts_all(node: exp.Expr) -> bool:
    call = node.expression if isinstance(node, exp.Dot) else node
    return call.sql().upper() == "COUNT(*)"


def _fault(what: str, decision: Decision) -> Exception:
    cure = "this is a fault in guard; nothing was run; report the shape of the statement"
    return denied(f"the enforced statement could not be proved: {what}", cure, decision=decision.id)
