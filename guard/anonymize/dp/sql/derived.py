"""Relations that become one source: subqueries that group, remove duplicates, unite, or must be closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.base_tables import BaseTables
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.rows import Rows, Source, from_text, named, size
from guard.anonymize.dp.sql.value import Val, common, rescale


class Derived(BaseTables):
    """Puts a relation into a subquery of the text; its columns get names of the form's own."""

    def closed(self, rows: Rows) -> Rows:
        """A relation as one source: a subquery in the text."""
        return self._wrapped(rows, rows.columns, keys=None, having=[])

    def _wrapped(self, rows: Rows, outputs: Mapping[str, Val], *, keys: list[str] | None, having: list[str]) -> Rows:
        columns = list(outputs.items())
        names = [dialects.name(f"dp_c{number}", self.dialect) for number in range(len(columns))]
        unit = dialects.name("dp_unit", self.dialect)
        listed = [f"{value.sql} AS {name}" for (_, value), name in zip(columns, names, strict=True)]
        if rows.unit:
            listed.insert(0, f"{rows.unit} AS {unit}")
        text = f"SELECT {', '.join(listed)} {from_text(rows)}"
        if keys is not None:
            grouped = list(dict.fromkeys([rows.unit, *keys])) if rows.unit else keys
            text += f" GROUP BY {', '.join(grouped)}"
        if having:
            text += f" HAVING {' AND '.join(sorted(having))}"
        text = named(text, prefix="dp_i")
        return self._derived(rows, columns, names, f"({text})")

    def _derived(self, rows: Rows, columns: Sequence[tuple[str, Val]], names: Sequence[str], text: str) -> Rows:
        token = self.token(text)
        values = {
            key: self._outside(value, f"{token}.{name}", rows)
            for (key, value), name in zip(columns, names, strict=True)
        }
        unit = f"{token}.{dialects.name('dp_unit', self.dialect)}" if rows.unit else ""
        own = tuple(
            value.sql for (_, inner), value in zip(columns, values.values(), strict=True) if inner.sql in rows.units
        )
        return replace(
            rows,
            sources=[Source(token, text)],
            where=[],
            columns=values,
            unit=unit,
            units=(unit, *own) if unit else (),
            bases=(),
            links=(),
        )

    def _outside(self, value: Val, sql: str, rows: Rows) -> Val:
        """A column of a closed subquery, seen from outside: it has the kind and range of what it was inside."""
        return replace(value, sql=sql, constant=False, value=None, unit=sql if value.sql in rows.units else "")

    def _united(self, branches: Sequence[Rows], node: exp.Expr) -> Rows:
        """The rows of all branches, which have columns of the same kinds and one kind of unit."""
        first = branches[0]
        keys = list(first.columns)
        aligned = [
            self._aligned([list(each.columns.values())[place] for each in branches], node) for place in range(len(keys))
        ]
        texts = []
        names = [dialects.name(f"dp_c{number}", self.dialect) for number in range(len(keys))]
        for number, branch in enumerate(branches):
            listed = [f"{values[number].sql} AS {name}" for values, name in zip(aligned, names, strict=True)]
            if branch.unit:
                listed.insert(0, f"{branch.unit} AS {dialects.name('dp_unit', self.dialect)}")
            texts.append(named(f"SELECT {', '.join(listed)} {from_text(branch)}", prefix="dp_i"))
        columns = [(key, hull(values)) for key, values in zip(keys, aligned, strict=True)]
        united = Rows(
            [],
            [],
            {},
            unit=first.unit,
            entity=first.entity,
            units=(),
            groups=max((each.groups for each in branches), key=size),
            rows=max((each.rows for each in branches), key=size),
            tables=tuple(dict.fromkeys(name for each in branches for name in each.tables)),
            added=tuple(dict.fromkeys(pair for each in branches for pair in each.added)),
        )
        made = self._derived(united, columns, names, f"({' UNION ALL '.join(sorted(texts))})")
        own = [
            (key, place)
            for place, key in enumerate(keys)
            if first.unit and all(list(each.columns.values())[place].sql in each.units for each in branches)
        ]
        for key, _ in own:
            made.columns[key] = replace(made.columns[key], unit=made.columns[key].sql)
        return replace(made, units=(*made.units, *(made.columns[key].sql for key, _ in own)))

    def _aligned(self, values: list[Val], node: exp.Expr) -> list[Val]:
        """One column of all branches, in one kind; numbers on one grid unless all are the same bare column type."""
        kinds = {value.kind for value in values}
        if len(kinds) > 1:
            raise Refusal(
                "dp-union", "a column has different kinds in the branches", help="select the same kinds", node=node
            )
        if kinds != {"number"}:
            return values
        leaves = [value.leaf for value in values]
        first = leaves[0]
        if first is not None and all(
            leaf is not None and leaf.type == first.type and leaf.bounds == first.bounds for leaf in leaves
        ):
            return values
        if any(value.unit for value in values):
            raise Refusal(
                "dp-union", "the units of the branches have different types", help="give them one type", node=node
            )
        fixed = [dialects.clamped(value, self.dialect) if value.leaf is not None else value for value in values]
        finest = fixed[0]
        for value in fixed[1:]:
            finest = common(finest, value)[0]
        return [rescale(value, finest.scale) for value in fixed]


def hull(values: Sequence[Val]) -> Val:
    """One column of a UNION ALL: the widest of its branches."""
    first = values[0]
    domain = None
    if all(value.domain is not None for value in values):
        domain = tuple(dict.fromkeys(each for value in values for each in value.domain or ()))
    return replace(
        first,
        low=min(value.low for value in values),
        high=max(value.high for value in values),
        bounded=all(value.bounded for value in values),
        integer=all(value.integer for value in values),
        wide=any(value.wide for value in values),
        domain=domain,
        constant=False,
        value=None,
    )
