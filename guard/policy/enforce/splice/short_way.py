"""From a parsed statement and its tokens to proved, enforced text, without changing or writing its tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlglot import exp

from guard.errors import AccessDeniedError
from guard.model import EnforcedQuery, Mask, MaxRows, RowFilter, Table, TableName
from guard.policy.enforce.failing import failing_nodes
from guard.policy.enforce.names import CTE_NAME
from guard.policy.enforce.opaque import needs_opaque
from guard.policy.enforce.splice.conditions import Own
from guard.policy.enforce.splice.fragments import Wanted, decided_columns, encoded, fragments
from guard.policy.enforce.splice.lexemes import DIALECTS
from guard.policy.enforce.splice.ordinary import base_tables
from guard.policy.enforce.splice.prove_tokens import Claim, prove_tokens
from guard.policy.enforce.splice.scope import named_ctes
from guard.policy.enforce.splice.survey import Survey, survey
from guard.policy.enforce.splice.text import Place, Spliced, spliced
from guard.policy.enforce.titles import NAMED_BY_TEXT, unnamed

if TYPE_CHECKING:
    from guard.model import Decision
    from guard.policy.enforce.splice.fragments import Fragment
    from guard.sql.catalogue import Catalogue
    from guard.sql.lexed import Lexed, Template
    from guard.sql.masking import MaskSql

MAX_COLUMNS: Final = 1_000  # written into all wraps together; beyond, the long way refuses


class Enforced(NamedTuple):
    """An enforced statement; `template` makes it for others of its shape, where that can be."""

    query: EnforcedQuery
    template: Template | None = None


class _Duties(NamedTuple):
    """What the decision asks for, as far as the short way can do it."""

    encoded: bytes
    tables: frozenset[TableName]
    rows: int | None


def short_way(
    tree: exp.Expr, lexed: Lexed, catalogue: Catalogue, decision: Decision, mask_sql: MaskSql
) -> Enforced | None:
    """The enforced statement, proved; None where it must go the long way, which also says what is refused and why."""
    dialect = catalogue.dialect
    owed = _duties(decision) if dialect in DIALECTS else None
    found = survey(tree, dialect, catalogue.names_of) if owed is not None else None
    if owed is None or found is None or (dialect in NAMED_BY_TEXT and unnamed(tree)):
        return None
    ending = _ending(tree, owed.rows)
    if ending is None:
        return None
    way = _Way(tree, lexed, catalogue, decision, mask_sql, owed, found)
    try:
        if not way.read():
            return None
        done = way.splice(ending)
        if done is None:
            return None
        prove_tokens(done.text, list(way.claims(done)), catalogue, decision)
    except AccessDeniedError:
        return None  # the long way finds it too, and words the refusal, or holds what this proof does not know
    query = EnforcedQuery(sql=done.text, dialect=dialect, tables=way.tables())
    return Enforced(query, done.template)


def _duties(decision: Decision) -> _Duties | None:
    tables: set[TableName] = set()
    rows: int | None = None
    if not decision.allowed:
        return None
    for each in decision.obligations:
        if isinstance(each, RowFilter | Mask):
            tables.add(each.table)
        elif isinstance(each, MaxRows):
            rows = max(each.rows, 0) if rows is None else min(rows, max(each.rows, 0))
        else:
            return None
    text = encoded(decision.obligations)
    return None if text is None else _Duties(text, frozenset(tables), rows)


def _ending(tree: exp.Expr, rows: int | None) -> str | None:
    """What bounds the rows at the end of the text; None where the statement has bounds of its own."""
    if rows is None:
        return ""
    return None if tree.args.get("limit") or tree.args.get("offset") else f" LIMIT {rows}"


class _Way:
    """One statement on the short way."""

    def __init__(
        self,
        tree: exp.Expr,
        lexed: Lexed,
        catalogue: Catalogue,
        decision: Decision,
        mask_sql: MaskSql,
        owed: _Duties,
        found: Survey,
    ) -> None:
        self._tree = tree
        self._lexed = lexed
        self._catalogue = catalogue
        self._decision = decision
        self._mask_sql = mask_sql
        self._owed = owed
        self._found = found
        self._starts = {token.start: at for at, token in enumerate(lexed.tokens)}
        self._read: dict[int, Table] = {}
        self._ctes: dict[int, exp.CTE] = {}
        self._wraps: list[tuple[Place, Fragment, int]] = []  # with the number of parts before the alias

    def read(self) -> bool:
        """Finds the base tables; False where one is not an ordinary one, or the decision is not about them."""
        self._ctes = named_ctes(self._found.tables, self._found.ctes, self._catalogue.names_of)
        read = base_tables(self._found, self._ctes, self._catalogue)
        if read is None:
            return False
        self._read = read
        names = {table.name for table in self._read.values()}
        facts = self._decision.facts
        return self._owed.tables <= names and (facts is None or names <= set(facts.tables))

    def tables(self) -> tuple[TableName, ...]:
        """Every base relation that the text reads."""
        reads = {name for _, fragment, _ in self._wraps for name in fragment.reads}
        return tuple(sorted({table.name for table in self._read.values()} | reads))

    def splice(self, ending: str) -> Spliced | None:
        """The text with all its wraps."""
        numbers = {id(cte): number for number, cte in enumerate(self._found.ctes)}
        places: dict[int, Place] = {}
        for cte in self._found.ctes:
            at = self._starts[cte.args["alias"].this.meta["start"]]
            places[at] = Place(at, at, (f'"{CTE_NAME}{numbers[id(cte)]}"',))
        named = [node for node in self._found.tables if id(node) in self._ctes]
        for node in named:
            first, last, alias = self._span(node)
            places[first] = Place(first, last, (f'"{CTE_NAME}{numbers[id(self._ctes[id(node)])]}"', alias))
        wraps = self._wrapped()
        if wraps is None:
            return None
        places |= {place.first: place for place, _, _ in wraps}
        self._wraps = sorted(wraps, key=lambda wrap: wrap[0].first)
        done = spliced(self._lexed, self._found.names, places, self._catalogue.dialect, ending=ending)
        return done if done is not None and len(done.spans) == len(places) else None

    def claims(self, done: Spliced) -> Iterator[Claim]:
        """What the proof is told of the wraps in the text."""
        for place, fragment, parts in self._wraps:
            start = done.spans[place.first]
            middle = "".join(place.parts[1 : parts - 1])
            end = start + len(fragment.head) + len(middle) + len(fragment.tail)
            yield Claim(start, end, fragment.head, middle, fragment.tail, fragment.proved, fragment.open_columns)

    def _wrapped(self) -> list[tuple[Place, Fragment, int]] | None:
        dialect = self._catalogue.dialect
        failing = self._found.failing
        if failing and dialect == "duckdb":  # whose comparisons fail only where they cast
            failing = list(failing_nodes(self._tree, self._read.values(), dialect))
        fence = bool(failing)
        hidden = bool(self._owed.tables) and needs_opaque(failing, len(self._read), dialect)
        decided = decided_columns(self._decision)
        prepared = fragments(self._catalogue, self._mask_sql)
        own = Own(self._lexed, self._catalogue.names_of, self._starts)
        wraps: list[tuple[Place, Fragment, int]] = []
        columns = 0
        for node in self._found.tables:
            table = self._read.get(id(node))
            if table is None:
                continue
            shown = self._shown(node, table)
            columns += len(shown)
            if columns > MAX_COLUMNS:
                return None
            known = decided.get(table.name, frozenset()).intersection(shown) if decided is not None else None
            wanted = Wanted(table.name, shown, known, fence, late=False, opaque=hidden)
            fragment = prepared.of(wanted, table, self._decision, self._owed.encoded, self._mask_sql)
            if fragment is None:
                return None
            conditions = self._conditions(node, table, fragment, own)
            if dialect == "duckdb" and any(each.looks_up for each in conditions):
                wanted = replace(wanted, late=True)
                fragment = prepared.of(wanted, table, self._decision, self._owed.encoded, self._mask_sql)
                if fragment is None:
                    return None
            wraps.append(self._place(node, fragment, conditions if fence else ()))
        return wraps

    def _conditions(self, node: exp.Table, table: Table, fragment: Fragment, own: Own) -> tuple[Any, ...]:
        if not fragment.proved.filtered or not (fragment.proved.fenced or self._catalogue.dialect == "duckdb"):
            return ()
        return tuple(own.on(node, self._catalogue.columns(table), fragment.open_columns))

    def _place(self, node: exp.Table, fragment: Fragment, conditions: tuple[Any, ...]) -> tuple[Place, Fragment, int]:
        first, last, alias = self._span(node)
        parts = [fragment.head]
        literals: list[tuple[int, int]] = []
        for condition in conditions:
            literals += [(len(parts) + part, token) for part, token in condition.literals]
            parts += condition.parts
        parts.append(fragment.tail)
        return Place(first, last, (*parts, alias), tuple(literals)), fragment, len(parts)

    def _span(self, node: exp.Table) -> tuple[int, int, str]:
        """The tokens of a table's name, and the alias that it needs beside the one that is written."""
        name = node.this
        outermost = node.args.get("catalog") or node.args.get("db") or name
        own = self._found.names[name.meta["start"]].replace('"', '""')
        alias = node.args.get("alias")
        written = "" if alias is not None and alias.this is not None else f' AS "{own}"'
        return self._starts[outermost.meta["start"]], self._starts[name.meta["start"]], written

    def _shown(self, node: exp.Table, table: Table) -> tuple[str, ...]:
        """The columns that the wrap must have, in the table's order; at least one (see `columns.py`)."""
        found, names = self._found, self._catalogue.names_of
        alias = node.args.get("alias")
        own = names.of(alias.this if alias is not None and alias.this is not None else node.this)
        everything = (
            (alias is not None and alias.args.get("columns"))
            or own in found.rows
            or (node.parent is not None and id(node.parent.parent) in found.starred)
        )
        if everything:
            return tuple(column.name for column in table.columns)
        stored = names.stored
        shown = tuple(column.name for column in table.columns if stored(column.name) in found.spelled)
        return shown or (table.columns[0].name,)
