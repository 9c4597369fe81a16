"""Reads a condition back: does this SQL say what that predicate tree says? The proof's own eyes for row filters."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from guard.model import And, Compare, In, InTable, IsNull, Not, Or, Predicate, Scalar

_SIGNS: Final[dict[str, type[exp.Expr]]] = {
    "eq": exp.EQ,
    "ne": exp.NEQ,
    "lt": exp.LT,
    "le": exp.LTE,
    "gt": exp.GT,
    "ge": exp.GTE,
}


def says(node: exp.Expr, predicate: Predicate, dialect: str, alias: str = "guard_t", depth: int = 0) -> bool:
    """True only when `node` is exactly the predicate over the columns of `alias`."""
    node = node.unnest()
    match predicate:
        case Compare(value=None) | In(values=()) | Or(any=()):
            return isinstance(node, exp.Boolean) and node.this is False
        case And(all=()):
            return isinstance(node, exp.Boolean) and node.this is True
        case Compare(cmp="eq" | "ne", value=str()) | In() if dialect == "mysql" and not _is_dated(node):
            return _says_exactly(node, predicate, alias)
        case Compare(column=name, cmp=cmp, value=value):
            return (
                type(node) is _SIGNS[cmp] and _is(node.this, name, alias) and _value(node.expression) == _plain(value)
            )
        case In(column=name, values=values):
            present = [_plain(value) for value in values if value is not None]
            if not present:
                return isinstance(node, exp.Boolean) and node.this is False
            listed = isinstance(node, exp.In) and not node.args.get("query")
            return listed and _is(node.this, name, alias) and [_value(each) for each in node.expressions] == present
        case IsNull(column=name):
            return isinstance(node, exp.Is) and _is(node.this, name, alias) and isinstance(node.expression, exp.Null)
        case Not(inner=inner):
            truth = node.this.unnest() if isinstance(node, exp.Not) else None
            held = isinstance(truth, exp.Is) and truth.expression == exp.true()
            return truth is not None and held and says(truth.this, inner, dialect, alias, depth + 1)
        case And(all=parts):
            return _all(node, exp.And, parts, dialect, alias, depth)
        case Or(any=parts):
            return _all(node, exp.Or, parts, dialect, alias, depth)
        case InTable():
            return _in_table(node, predicate, dialect, alias, depth)


def _says_exactly(node: exp.Expr, predicate: Compare | In, alias: str) -> bool:
    """In MariaDB a comparison of texts stands for its collation as well as by the bytes, or by the bytes alone."""
    plain = node.this.unnest() if isinstance(node, exp.And) else None
    exact = node.expression.unnest() if isinstance(node, exp.And) else node
    if isinstance(predicate, In):
        values = [_plain(value) for value in predicate.values if value is not None]
        if not any(isinstance(value, str) for value in predicate.values):
            return says(node, predicate, "", alias)
        listed = [exact, *([plain] if plain is not None else [])]
        if not values or not all(isinstance(each, exp.In) and not each.args.get("query") for each in listed):
            return not values and isinstance(node, exp.Boolean) and node.this is False
        return all(
            _is(_bare(each.this), predicate.column, alias)
            and [_value(_bare(one)) for one in each.expressions] == values
            for each in listed
        ) and all(_is_exact(one) for one in (exact.this, *exact.expressions))
    sign, value = _SIGNS[predicate.cmp], _plain(predicate.value)
    return (
        _is_exact(exact.args.get("this"))
        and _is_exact(exact.args.get("expression"))
        and all(
            type(each) is sign
            and _is(_bare(each.this), predicate.column, alias)
            and _value(_bare(each.expression)) == value
            for each in (exact, *([plain] if plain is not None else []))
        )
    )


def _is_dated(node: exp.Expr) -> bool:
    """A comparison with a date or a moment, which has no collation."""
    side = node.args.get("expression") or next(iter(node.args.get("expressions") or ()), None)
    return isinstance(side, exp.Cast) and side.to.this.name in {"DATE", "DATETIME"}


def _is_exact(node: exp.Expr | None) -> bool:
    return node is not None and _bare(node) is not node


def _bare(node: exp.Expr) -> exp.Expr:
    """What stands under `CAST(CAST(... AS CHAR CHARACTER SET utf8mb4) AS BINARY)`."""
    inner = node.this if isinstance(node, exp.Cast) and node.to.this.name == "BINARY" else None
    utf8 = isinstance(inner, exp.Cast) and inner.to.this.name == "CHARACTER_SET" and inner.to.text("kind") == "utf8mb4"
    return inner.this if utf8 and inner is not None else node


def _all(
    node: exp.Expr, kind: type[exp.Connector], parts: tuple[Predicate, ...], dialect: str, alias: str, depth: int
) -> bool:
    if len(parts) == 1:
        return says(node, parts[0], dialect, alias, depth + 1)
    found: list[exp.Expr] = []
    while isinstance(node, kind) and len(found) < len(parts) - 1:
        found.insert(0, node.expression)
        node = node.this
    found.insert(0, node)
    return len(found) == len(parts) and all(
        says(each, part, dialect, alias, depth + 1) for each, part in zip(found, parts, strict=True)
    )


def _in_table(node: exp.Expr, predicate: InTable, dialect: str, alias: str, depth: int) -> bool:
    query = node.args.get("query") if isinstance(node, exp.In) else None
    select = query.unnest() if query is not None else None
    source = select.args.get("from_") if isinstance(select, exp.Select) else None
    exact = dialect == "mysql" and _is_exact(node.this)  # texts by their characters, on both sides
    if source is None or select is None or not _is(_bare(node.this), predicate.column, alias):
        return False
    inner = f"guard_e{depth}"
    wanted = exp.to_table(predicate.table, dialect=dialect)
    if not isinstance(source.this, exp.Table) or source.this.alias != inner:
        return False
    if source.this.name.lower() != wanted.name.lower():
        return False
    if len(select.expressions) != 1 or not _is(_bare(select.expressions[0]), predicate.select, inner):
        return False
    if exact != _is_exact(select.expressions[0]):
        return False
    where = select.args.get("where")
    if predicate.where is None:
        return where is None
    return where is not None and says(where.this, predicate.where, dialect, inner, depth + 1)


def _is(node: exp.Expr, name: str, alias: str) -> bool:
    return isinstance(node, exp.Column) and node.name == name and node.table == alias


def _value(node: exp.Expr) -> object:
    node = node.unnest()
    while isinstance(node, exp.Cast):
        node = node.this.unnest()
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return "-" + node.this.name, False
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.National):
        return node.name, True
    return (node.name, bool(node.is_string)) if isinstance(node, exp.Literal) else None


def _plain(value: Scalar) -> object:
    if isinstance(value, bool):
        return value
    return (value, True) if isinstance(value, str) else (repr(value), False)
