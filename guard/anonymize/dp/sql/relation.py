"""FROM and WHERE: from the analyst's tables, joins, subqueries and CTEs to one flat list of sources with a unit.

A subquery that only selects, joins and filters is opened: its sources and conditions become those of the query around
it, so that equivalent spellings end as one text. What groups by the unit or unites stays a source of its own.
Every row of the result belongs to exactly one unit, or the statement is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sqlglot import exp

from guard.anonymize.dp.sql.inner import MOST_COUNT, Inner, has_aggregates
from guard.anonymize.dp.sql.joins import Joins
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.rows import Rows, equal, readable
from guard.anonymize.dp.sql.scalar import Scalars
from guard.anonymize.dp.sql.scope import Scoped, before, output_key, with_ctes
from guard.anonymize.dp.sql.value import Val

MAX_DEPTH: Final = 32  # of subqueries
_SELECT_PARTS: Final = frozenset(
    {"with_", "expressions", "from_", "joins", "where", "kind", "group", "having", "distinct", "order"}
)


class Relations(Joins):
    """Compiles the FROM clauses of one statement."""

    def scoped(self, select: exp.Select, ctes: Mapping[str, exp.Expr], depth: int) -> tuple[Rows, Scoped]:
        """The rows of FROM and WHERE, and the names that are visible over them."""
        if depth > MAX_DEPTH:
            raise Refusal("dp-too-large", "subqueries nest too deep", help="write the question flatter", node=select)
        source = select.args.get("from_")
        if source is None:
            raise Refusal("dp-no-from", "the statement reads no table", help="ask about a table", node=select)
        names = Scoped(self, ctes, depth)
        first, joins = _turned(source.this, select)
        rows = self._entry(first, names, ctes, depth)
        for join in joins:
            rows = self._join(rows, join, names, ctes, depth)
        for other in ("laterals",):
            if select.args.get(other):
                raise Refusal("dp-lateral", "a lateral join", help="join a subquery that stands by itself", node=select)
        where = select.args.get("where")
        if where is not None:
            rows = replace(rows, where=rows.where + Scalars(names, self.dialect).conjuncts(where.this))
        held = set(rows.where)
        for left, right, join in names.unproved:
            if not any(equal(mine, other) in held for mine in left.units for other in right.units):
                raise Refusal(
                    "dp-join-unit",
                    "two tables of persons are joined without their unit, so one person's rows would meet another's",
                    help=f"add `AND {readable(left.units[0])} = {readable(right.units[0])}` to the ON condition",
                    node=join,
                )
        return rows, names

    def _entry(self, node: exp.Expr, names: Scoped, ctes: Mapping[str, exp.Expr], depth: int) -> Rows:
        if isinstance(node, exp.Table):
            if node.args.get("joins") or node.args.get("sample") or node.args.get("pivots"):
                raise Refusal(
                    "dp-from", "a join in brackets, a sample or a pivot", help="join without brackets", node=node
                )
            alias = node.args.get("alias")
            if alias is not None and alias.columns:
                raise Refusal("dp-from", "a table with renamed columns", help="rename columns in a subquery", node=node)
            cte = ctes.get(self._key(node.this)) if not node.args.get("db") else None
            rows = self.base(node) if cte is None else self.query(cte.this, before(ctes, cte), depth + 1)
            if isinstance(node.this, exp.Identifier):
                names.add(node.alias or node.name, node.args["alias"].this if alias is not None else node.this, rows)
            return rows
        if isinstance(node, exp.Subquery):
            if node.args.get("joins") or node.args.get("pivots") or not node.alias or node.args["alias"].columns:
                raise Refusal(
                    "dp-from",
                    "a subquery without a plain alias",
                    help="give the subquery an alias: (SELECT ...) AS s",
                    node=node,
                )
            rows = self.query(node.this, ctes, depth + 1)
            names.add(node.alias, node.args["alias"].this, rows)
            return rows
        raise Refusal("dp-from", "this cannot stand in FROM here", help="read tables and subqueries", node=node)

    def _key(self, identifier: exp.Expr) -> str:
        return self.spelling.of(identifier) if isinstance(identifier, exp.Identifier) else ""

    def _join(self, left: Rows, join: exp.Join, names: Scoped, ctes: Mapping[str, exp.Expr], depth: int) -> Rows:
        side, kind = (join.side or "").upper(), (join.kind or "").upper()
        if (join.method or "") or side not in ("", "LEFT") or kind not in ("", "INNER", "OUTER", "CROSS"):
            raise Refusal(
                "dp-join",
                f"a {(join.method or side or kind).lower()} join",
                help="use JOIN ... ON or LEFT JOIN ... ON, with the table whose rows all stay on the left",
                node=join,
            )
        before = Scoped(self, ctes, depth, dict(names.entries))
        right = self._entry(join.this, names, ctes, depth)
        if side == "LEFT":
            right = self._outer(right)
            names.replace_last(right)
        conditions: list[str] = []
        if join.args.get("using"):
            for column in join.args["using"]:
                identifier = column.this if isinstance(column, exp.Column) else column
                mine, other = before.find(identifier), names.last.columns.get(self._key(identifier))
                if other is None:
                    raise Refusal(
                        "dp-column", f"column `{identifier.name}` is not on both sides", help="use ON", node=join
                    )
                conditions.append(Scalars(names, self.dialect)._compare(mine, "=", other, join))  # noqa: SLF001
                names.merged[self._key(identifier)] = mine
        elif join.args.get("on") is not None:
            conditions = Scalars(names, self.dialect).conjuncts(join.args["on"])
        elif side == "LEFT":
            raise Refusal("dp-join", "a LEFT JOIN without a condition", help="add ON", node=join)
        if side == "LEFT":
            return self._left(left, right, conditions, join)
        joined = replace(left, sources=left.sources + right.sources, where=left.where + right.where + conditions)
        return self._owner(joined, left, right, conditions, join, names)

    def query(self, node: exp.Expr, ctes: Mapping[str, exp.Expr], depth: int) -> Rows:
        """A subquery as a relation with named columns."""
        while isinstance(node, exp.Subquery) and not node.alias:
            node = node.this
        if isinstance(node, exp.Union):
            return self._union(node, ctes, depth)
        if not isinstance(node, exp.Select):
            raise Refusal("dp-from", "this query cannot stand in FROM here", help="use SELECT or UNION ALL", node=node)
        ctes = with_ctes(node, ctes, self)
        for part in ("limit", "offset", "qualify", "windows"):
            if node.args.get(part):
                raise Refusal(
                    "dp-inner-limit",
                    f"`{part.upper()}` inside of a subquery lets one person decide about another's rows",
                    help=f"put {part.upper()} on the outermost query, where it acts on the answer",
                    node=node,
                )
        strange = next((part for part, value in node.args.items() if value and part not in _SELECT_PARTS), "")
        if strange:
            raise Refusal(
                "dp-clause", f"`{strange.rstrip('_').upper()}` is not answered", help="leave it out", node=node
            )
        rows, names = self.scoped(node, ctes, depth)
        if node.args.get("group") or any(has_aggregates(each) for each in node.expressions):
            return self._grouped(node, rows, names)
        if node.args.get("distinct"):
            return self._distinct(node, rows, names)
        return replace(rows, columns=self._outputs(node, names))

    def _outputs(self, select: exp.Select, names: Scoped) -> dict[str, Val]:
        scalars = Scalars(names, self.dialect)
        columns: dict[str, Val] = {}
        for each in select.expressions:
            if isinstance(each, exp.Star) or (isinstance(each, exp.Column) and isinstance(each.this, exp.Star)):
                for key, value in names.starred(each).items():
                    columns.setdefault(key, value)
                continue
            key = output_key(each, self.spelling)
            if key in columns:
                raise Refusal(
                    "dp-column", "two columns of a subquery have one name", help="give each its own", node=each
                )
            columns[key] = scalars.value(each.unalias())
        return columns

    def _grouped(self, select: exp.Select, rows: Rows, names: Scoped) -> Rows:
        """A subquery that aggregates each unit's own rows: its GROUP BY must name the unit."""
        if not rows.unit:
            raise Refusal(
                "dp-inner-group",
                "a public table is aggregated in a subquery",
                help="declare the result as a table",
                node=select,
            )
        group = select.args.get("group")
        keys = [names.group_key(each, select) for each in (group.expressions if group is not None else ())]
        if not any(key.sql in rows.units for key in keys):
            raise Refusal(
                "dp-inner-group",
                "a subquery aggregates the rows of several persons before they are bounded",
                help=f"add `{readable(rows.unit)}` to its GROUP BY, or aggregate in the outermost query",
                node=group or select,
            )
        most = self._most(rows)
        inner = Inner(names, self.dialect, {key.sql for key in keys}, most)
        outputs = {output_key(each, self.spelling): inner.value(each.unalias()) for each in select.expressions}
        having = select.args.get("having")
        conditions = inner.conjuncts(having.this) if having is not None else []
        return self._wrapped(rows, outputs, keys=[key.sql for key in keys], having=conditions)

    def _distinct(self, select: exp.Select, rows: Rows, names: Scoped) -> Rows:
        outputs = self._outputs(select, names)
        if not any(value.sql in rows.units for value in outputs.values()) or select.args["distinct"].args.get("on"):
            raise Refusal(
                "dp-inner-group",
                "SELECT DISTINCT removes rows across persons",
                help="select the privacy unit too, or count DISTINCT in the outermost query",
                node=select,
            )
        return self._wrapped(rows, outputs, keys=sorted({value.sql for value in outputs.values()}), having=[])

    def _most(self, rows: Rows) -> int:
        if isinstance(rows.groups, str) or isinstance(rows.rows, str):
            return MOST_COUNT
        return rows.groups * rows.rows

    def _union(self, node: exp.Union, ctes: Mapping[str, exp.Expr], depth: int) -> Rows:
        if node.args.get("distinct"):
            raise Refusal(
                "dp-union", "UNION removes equal rows of different persons", help="write UNION ALL", node=node
            )
        for part in ("limit", "offset", "order"):
            if node.args.get(part):
                raise Refusal(
                    "dp-inner-limit", f"`{part.upper()}` on a UNION", help="put it on the outermost query", node=node
                )
        ctes = with_ctes(node, ctes, self)
        branches = [self.query(each, ctes, depth + 1) for each in branches_of(node)]
        first = branches[0]
        if any(bool(each.unit) != bool(first.unit) or each.entity != first.entity for each in branches):
            raise Refusal(
                "dp-union",
                "the branches belong to different kinds of units",
                help="unite tables of one kind of unit",
                node=node,
            )
        if any(len(each.columns) != len(first.columns) for each in branches):
            raise Refusal(
                "dp-union", "the branches have different numbers of columns", help="select the same columns", node=node
            )
        return self._united(branches, node)


def _turned(first: exp.Expr, select: exp.Select) -> tuple[exp.Expr, list[exp.Join]]:
    """The first source and the joins; `a RIGHT JOIN b` as `b LEFT JOIN a`, unless a star would tell them apart.

    Further to the right the left side is a join itself, and stays refused.
    """
    joins = list(select.args.get("joins") or ())
    starred = any(isinstance(each.unalias(), exp.Star) for each in select.expressions)
    if not joins or (joins[0].side or "").upper() != "RIGHT" or joins[0].method or starred:
        return first, joins
    turned = joins[0].copy()
    turned.set("side", "LEFT")
    turned.set("this", first.copy())
    return joins[0].this, [turned, *joins[1:]]


def branches_of(node: exp.Expr) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    left = [node]
    while left:
        one = left.pop()
        while isinstance(one, exp.Subquery) and not one.alias:
            one = one.this
        if isinstance(one, exp.Union) and not one.args.get("distinct") and (one is node or not one.args.get("with_")):
            left += [one.expression, one.this]
        else:
            found.append(one)
    return found
