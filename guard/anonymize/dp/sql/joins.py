"""Joins: along the person, with public tables, and LEFT from the person's side; every row keeps exactly one owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.derived import Derived
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.rows import Rows, equal, or_null, readable, wider

if TYPE_CHECKING:
    from guard.anonymize.dp.sql.scope import Scoped


class Joins(Derived):
    """Whose the rows of a join are."""

    def _outer(self, right: Rows) -> Rows:
        """The right side of a LEFT JOIN: one source of plain columns, each of which may be NULL.

        A computed column would keep its value where the join finds no row, so it is computed inside.
        """
        plain = all(value.sql.startswith(right.sources[0].token) for value in right.columns.values())
        if len(right.sources) > 1 or right.where or not plain or right.sources[0].on is not None:
            right = self.closed(right)
        return replace(right, columns={key: or_null(value) for key, value in right.columns.items()})

    def _left(self, left: Rows, right: Rows, conditions: list[str], join: exp.Join) -> Rows:
        if not left.unit:
            raise Refusal(
                "dp-join-left",
                "the preserved side of a LEFT JOIN is public, so some rows would belong to nobody",
                help="put the table with the unit on the left, or use JOIN",
                node=join,
            )
        source = right.sources[0]
        joined = replace(left, sources=[*left.sources, replace(source, on=list(conditions))])
        owned = self._owner(joined, left, right, conditions, join, None)
        # Beyond a LEFT JOIN the right side may be NULL: its unit proves nothing.
        return replace(owned, unit=left.unit, units=left.units)

    def _owner(
        self,
        joined: Rows,
        left: Rows,
        right: Rows,
        conditions: Sequence[str],
        join: exp.Join,
        names: Scoped | None,
    ) -> Rows:
        """Whose the joined rows are: both sides must be public or of one and the same unit.

        The equality of the units may stand in WHERE too, unless the join keeps rows that do not match.
        """
        tables = tuple(dict.fromkeys((*left.tables, *right.tables)))
        joined = replace(
            joined,
            tables=tables,
            added=tuple(dict.fromkeys((*left.added, *right.added))),
            bases=(*left.bases, *right.bases),
            links=(*left.links, *right.links),
        )
        if not (left.unit and right.unit):
            owner = left if left.unit else right
            return replace(
                joined,
                unit=owner.unit,
                entity=owner.entity,
                units=owner.units,
                groups=owner.groups,
                rows=owner.rows,
            )
        if left.entity != right.entity:
            raise Refusal(
                "dp-join-entity",
                f"rows of a {left.entity} are joined with rows of a {right.entity}",
                help="ask about one kind of unit",
                node=join,
            )
        held = set(joined.where) | set(conditions) if names is not None else set(conditions)
        if names is not None and self._linked(left, right, held):
            # The key leads to the same unit, if it is unique as declared; saying so makes it certain.
            joined = replace(joined, where=[*joined.where, equal(left.unit, right.unit)])
        elif not any(equal(mine, other) in held for mine in left.units for other in right.units):
            if names is None:
                raise Refusal(
                    "dp-join-unit",
                    "a LEFT JOIN of two tables of persons does not compare their unit",
                    help=f"add `AND {readable(left.units[0])} = {readable(right.units[0])}` to the ON condition",
                    node=join,
                )
            names.unproved.append((left, right, join))
        return replace(
            joined,
            unit=min(left.unit, right.unit),
            entity=left.entity,
            units=(*left.units, *right.units),
            groups=wider(left.groups, right.groups),
            rows=wider(left.rows, right.rows),
        )

    def _linked(self, left: Rows, right: Rows, held: set[str]) -> bool:
        """Whether a condition joins a table with the one that it has its unit through, by the declared key."""
        return any(
            equal(column, f"{token}.{dialects.name(key, self.dialect)}") in held
            for one, other in ((left, right), (right, left))
            for column, table, key in one.links
            for base, token in other.bases
            if base == table
        )
