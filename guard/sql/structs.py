"""A field taken out of a struct that is built on the spot: `STRUCT(x AS p, y AS q).p` is `x`."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlglot import exp


class Picked(NamedTuple):
    """The value of the field, and the values of the others, which are read and go nowhere."""

    value: exp.Expr
    others: tuple[exp.Expr, ...]


def picked(node: exp.Expr) -> Picked | None:
    """The field that `s.p`, `s['p']` or `struct_extract(s, 'p')` takes; None where it cannot be told."""
    name = _key(node)
    struct, names = _built(node.this)
    if name is None or struct is None or not names or len(set(names)) != len(names) or name not in names:
        return None
    values = [_value(one) for one in struct.expressions]
    at = names.index(name)
    return Picked(values[at], tuple(values[:at] + values[at + 1 :]))


def _key(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Bracket):
        key: Any = node.expressions[0] if len(node.expressions) == 1 else None
    else:
        key = node.expression
    named = isinstance(key, exp.Identifier) or (isinstance(key, exp.Literal) and key.is_string)
    return key.name.lower() if named else None


def _built(node: Any) -> tuple[exp.Struct | None, list[str]]:
    """A struct in parentheses or a cast, with the names of its fields; those of the cast hold."""
    names: list[str] = []
    while isinstance(node, (exp.Paren, exp.Cast)):
        if isinstance(node, exp.Cast) and not names:
            fields = node.to.expressions if node.to.this == exp.DataType.Type.STRUCT else []
            names = [one.name.lower() for one in fields if isinstance(one, exp.ColumnDef)]
            if not names:
                return None, []
        node = node.this
    if not isinstance(node, exp.Struct):
        return None, []
    if names:
        return (node, names) if len(names) == len(node.expressions) else (None, [])
    own = [_name(one) for one in node.expressions]
    return (node, [one for one in own if one is not None]) if None not in own else (None, [])


def _name(field: exp.Expr) -> str | None:
    if isinstance(field, (exp.PropertyEQ, exp.Column, exp.Alias)):
        return field.alias_or_name.lower() if not isinstance(field, exp.PropertyEQ) else field.this.name.lower()
    return None


def _value(field: exp.Expr) -> exp.Expr:
    value: exp.Expr = field.expression if isinstance(field, exp.PropertyEQ) else field
    return value
