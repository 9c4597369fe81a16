"""The names of one SELECT: what a column, an alias, a position or a common table expression means in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from guard.anonymize.dp.sql.existence import membership
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.rows import Rows, from_text, named
from guard.anonymize.dp.sql.scalar import Scalars
from guard.anonymize.dp.sql.value import Val
from guard.sql.names import Names as Spelling

if TYPE_CHECKING:
    from guard.anonymize.dp.sql.relation import Relations


class Scoped:
    """What a column name means in one SELECT."""

    def __init__(
        self, relations: Relations, ctes: Mapping[str, exp.Expr], depth: int, entries: dict[str, Rows] | None = None
    ) -> None:
        self._relations = relations
        self._ctes = ctes
        self._depth = depth
        self.entries: dict[str, Rows] = entries if entries is not None else {}
        self.merged: dict[str, Val] = {}
        self.unproved: list[tuple[Rows, Rows, exp.Join]] = []  # joins whose unit WHERE must compare
        self._last = ""

    def add(self, shown: str, identifier: exp.Expr, rows: Rows) -> None:
        """A source under its alias."""
        assert isinstance(identifier, exp.Identifier)
        key = self._relations.spelling.of(identifier)
        if key in self.entries:
            raise Refusal("dp-from", f"two tables are called `{shown}`", help="give each an alias", node=identifier)
        self.entries[key] = rows
        self._last = key

    @property
    def last(self) -> Rows:
        """The source that was added last."""
        return self.entries[self._last]

    def replace_last(self, rows: Rows) -> None:
        """Puts a closed form in the place of the source that was added last."""
        self.entries[self._last] = rows

    def column(self, node: exp.Column) -> Val:
        """The value of a column reference."""
        if isinstance(node.this, exp.Star):
            raise Refusal("dp-column", "a star stands inside an expression", help="name the columns", node=node)
        key = self._relations.spelling.of(node.this)
        table = node.args.get("table")
        if table is None:
            return self.find(node.this)
        entry = self.entries.get(self._relations.spelling.of(table))
        found = entry.columns.get(key) if entry is not None else None
        if found is None:
            raise Refusal(
                "dp-column", f"column `{node.table}.{node.name}` is not known here", help="check the name", node=node
            )
        return found

    def find(self, identifier: exp.Expr) -> Val:
        """The value of a name without a table."""
        assert isinstance(identifier, exp.Identifier)
        key = self._relations.spelling.of(identifier)
        if key in self.merged:
            return self.merged[key]
        found = [rows.columns[key] for rows in self.entries.values() if key in rows.columns]
        if len(found) != 1:
            what = "is in several tables" if found else "is not known here"
            raise Refusal(
                "dp-column",
                f"column `{identifier.name}` {what}",
                help="write `table.column`, as the catalogue spells it",
                node=identifier,
            )
        return found[0]

    def starred(self, node: exp.Expr) -> dict[str, Val]:
        """The columns of `*` or `t.*`."""
        if isinstance(node, exp.Star) and (
            node.args.get("except_") or node.args.get("replace") or node.args.get("rename")
        ):
            raise Refusal("dp-column", "a star with exceptions", help="name the columns", node=node)
        if isinstance(node, exp.Column):
            entry = self.entries.get(self._relations.spelling.of(node.args["table"]))
            if entry is None:
                raise Refusal("dp-column", f"table `{node.table}` is not known here", help="check the alias", node=node)
            return dict(entry.columns)
        columns: dict[str, Val] = {}
        for rows in self.entries.values():
            for key, value in rows.columns.items():
                if key in columns and key not in self.merged:
                    raise Refusal(
                        "dp-column", "a star gives two columns of one name", help="name the columns", node=node
                    )
                columns.setdefault(key, value)
        return columns

    def group_key(self, node: exp.Expr, select: exp.Select) -> Val:
        """What one item of GROUP BY means: a position, an alias of the select list, or an expression."""
        return Scalars(self, self._relations.dialect).value(resolved(node, select, self._relations, self))

    def knows(self, identifier: exp.Identifier) -> bool:
        """Whether a bare name is a column of FROM."""
        key = self._relations.spelling.of(identifier)
        return key in self.merged or any(key in rows.columns for rows in self.entries.values())

    def member(self, node: exp.In) -> Val:
        """`x IN (SELECT ...)`: of a public table, or of the rows of the same unit."""
        query = node.args["query"]
        rows = self._relations.query(
            query.this if isinstance(query, exp.Subquery) else query, self._ctes, self._depth + 1
        )
        if len(rows.columns) != 1:
            raise Refusal("dp-subquery", "a subquery after IN has several columns", help="select one", node=node)
        inside = next(iter(rows.columns.values()))
        value = Scalars(self, self._relations.dialect).value(node.this)
        own = inside.sql in rows.units and bool(value.unit)
        if rows.unit and not (own and self._entity(value) == rows.entity):
            raise Refusal(
                "dp-subquery",
                "a condition looks at the rows of other persons",
                help="compare the privacy unit: `unit IN (SELECT unit FROM ...)`, or join along it",
                node=node,
            )
        if value.kind != inside.kind or (value.leaf is None) != (inside.leaf is None) or "other" in (value.kind,):
            raise Refusal(
                "dp-type", "IN compares values of different kinds", help="select values of the same kind", node=node
            )
        text = named(f"SELECT {inside.sql} AS dp_c0 {from_text(rows)}", prefix="dp_i")
        self._relations.extra.append(rows)
        return Val("boolean", f"{value.sql} IN ({text})", domain=(True, False, None))

    def exists(self, node: exp.Exists) -> Val:
        """`EXISTS (SELECT ...)` along one column, which is a membership that is never NULL."""
        asked = membership(node, self.entries, self._relations.spelling)
        if asked is None:
            raise Refusal(
                "dp-subquery",
                "this EXISTS does not compare a column of its own with one of the question",
                help="write EXISTS (SELECT 1 FROM t WHERE t.unit = other.unit AND ...), or `unit IN (SELECT unit ...)`",
                node=node,
            )
        return Val("boolean", f"coalesce({self.member(asked).sql}, FALSE)", domain=(True, False))

    def _entity(self, value: Val) -> str:
        return next((rows.entity for rows in self.entries.values() if value.sql in rows.units), "")


def with_ctes(node: exp.Expr, ctes: Mapping[str, exp.Expr], relations: Relations) -> dict[str, exp.Expr]:
    """The CTEs in scope inside of `node`."""
    with_ = node.args.get("with_")
    found = dict(ctes)
    if with_ is None:
        return found
    if with_.args.get("recursive"):
        raise Refusal("dp-recursive", "a recursive CTE", help="write it without recursion", node=with_)
    for cte in with_.expressions:
        if cte.args["alias"].columns:
            raise Refusal("dp-from", "a CTE with renamed columns", help="rename columns in its SELECT list", node=cte)
        found.pop(relations.spelling.of(cte.args["alias"].this), None)
        found[relations.spelling.of(cte.args["alias"].this)] = cte
    return found


def before(ctes: Mapping[str, exp.Expr], cte: exp.Expr) -> dict[str, exp.Expr]:
    """What a CTE's own body sees: the ones before it."""
    seen: dict[str, exp.Expr] = {}
    for key, each in ctes.items():
        if each is cte:
            break
        seen[key] = each
    return seen


def output_key(node: exp.Expr, spelling: Spelling) -> str:
    """The key of an output column."""
    if isinstance(node, exp.Alias):
        identifier = node.args["alias"]
        return spelling.of(identifier) if isinstance(identifier, exp.Identifier) else str(identifier)
    if isinstance(node, exp.Column):
        return spelling.of(node.this)
    raise Refusal("dp-column", "a column of a subquery has no name", help="give it one: ... AS name", node=node)


def resolved(node: exp.Expr, select: exp.Select, relations: Relations, names: Scoped) -> exp.Expr:
    """An item of GROUP BY as an expression: positions and aliases stand for items of the select list."""
    if isinstance(node, exp.Literal) and not node.is_string:
        place = int(str(node.this)) if str(node.this).isdigit() else 0
        if not 1 <= place <= len(select.expressions):
            raise Refusal("dp-group", "a position in GROUP BY that is not there", help="count from 1", node=node)
        chosen: exp.Expr = select.expressions[place - 1].unalias()
        return chosen
    if isinstance(node, exp.Column) and not node.table and not names.knows(node.this):
        key = relations.spelling.of(node.this)
        for each in select.expressions:
            if isinstance(each, exp.Alias) and output_key(each, relations.spelling) == key:
                named_: exp.Expr = each.this
                return named_
    return node
