"""Random nested queries with the truth that a generator knows: which base tables are in them.

Every query runs on DuckDB over `people`, `visits` and `cards`; each relation it builds has known output columns, so
that whatever is put around it is valid too.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

TABLES = {
    "people": ("id", "age", "score", "zone"),
    "visits": ("id", "person", "cost", "ward"),
    "cards": ("id", "person", "cost", "kind"),
}


@dataclass
class Made:
    """A query text, its output columns, and the base tables in it."""

    sql: str
    columns: list[str]
    tables: set[str] = field(default_factory=set)


class Generator:
    """Queries over `TABLES`, all values whole numbers; the seed decides everything."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._names = 0

    def query(self, depth: int = 3) -> Made:
        """A query of at most `depth` levels."""
        shape = self.random.choice(("select", "select", "select", "union", "with", "shadow", "recursive"))
        if depth <= 0:
            shape = "select"
        return getattr(self, f"_{shape}")(depth)

    def _name(self) -> str:
        self._names += 1
        return f"n{self._names}"

    def _source(self, depth: int) -> tuple[str, str, list[str], set[str]]:
        """FROM text, alias, columns, tables."""
        alias = self._name()
        if depth > 0 and self.random.random() < 0.45:
            inner = self.query(depth - 1)
            return f"({inner.sql}) AS {alias}", alias, inner.columns, inner.tables
        table = self.random.choice(list(TABLES))
        return f"{table} AS {alias}", alias, list(TABLES[table]), {table}

    def _value(self, columns: list[str], depth: int, tables: set[str]) -> str:
        pick = self.random.choice
        roll = self.random.random()
        column = pick(columns)
        if roll < 0.45:
            return column
        if roll < 0.55:
            return f"({column} + {pick(columns)})"
        if roll < 0.65:
            limit, other = self.random.randint(0, 9), self.random.randint(0, 9)
            return f"CASE WHEN {pick(columns)} > {limit} THEN {column} ELSE {other} END"
        if roll < 0.72:
            return f"coalesce({column}, {pick(columns)})"
        if roll < 0.8:
            return f"sum({column}) OVER (PARTITION BY {pick(columns)} ORDER BY {pick(columns)}, {pick(columns)})"
        if roll < 0.9 and depth > 0:
            inner = self.query(0)
            tables |= inner.tables
            name = self._name()
            shown, compared = pick(inner.columns), pick(inner.columns)
            return f"(SELECT max({name}.{shown}) FROM ({inner.sql}) AS {name} WHERE {name}.{compared} <= {column})"
        return f"{column} % {self.random.randint(2, 5)}"

    def _condition(self, columns: list[str], depth: int, tables: set[str]) -> str:
        column = self.random.choice(columns)
        roll = self.random.random()
        if roll < 0.5 or depth <= 0:
            return f"{column} {self.random.choice(('>', '<', '<>', '='))} {self.random.randint(0, 9)}"
        inner = self.query(0)
        tables |= inner.tables
        if roll < 0.75:
            name = self._name()
            return f"{column} IN (SELECT {name}.{self.random.choice(inner.columns)} FROM ({inner.sql}) AS {name})"
        name = self._name()
        word = self.random.choice(("EXISTS", "NOT EXISTS"))
        compared = self.random.choice(inner.columns)
        return f"{word} (SELECT 1 FROM ({inner.sql}) AS {name} WHERE {name}.{compared} = {column})"

    def _select(self, depth: int) -> Made:
        text, alias, names, tables = self._source(depth)
        columns = [f"{alias}.{name}" for name in names]
        if self.random.random() < 0.4:
            kind = self.random.choice(
                ("JOIN", "LEFT JOIN", "SEMI JOIN", "ANTI JOIN", "FULL JOIN", "CROSS", "USING", "LATERAL")
            )
            left = self.random.choice(columns)
            other, other_alias, other_names, other_tables = ("", "", [""], set())
            if kind != "LATERAL":
                other, other_alias, other_names, other_tables = self._source(depth - 1)
            tables = tables | other_tables
            theirs = [f"{other_alias}.{name}" for name in other_names]
            right = self.random.choice(theirs)
            if kind == "CROSS":
                text, columns = f"{text}, {other}", columns + theirs
            elif kind == "USING" and set(names) & set(other_names):
                shared = self.random.choice(sorted(set(names) & set(other_names)))
                text = f"{text} JOIN {other} USING ({shared})"
                columns = [c for c in columns + theirs if not c.endswith(f".{shared}")] + [shared]
            elif kind == "LATERAL":
                made = self._name()
                text = f"{text}, LATERAL (SELECT {left} + 1 AS {made}) AS l{made}"
                columns = [*columns, f"l{made}.{made}"]
            else:
                kind = "JOIN" if kind == "USING" else kind
                text = f"{text} {kind} {other} ON {left} = {right}"
                columns = columns if kind in ("SEMI JOIN", "ANTI JOIN") else columns + theirs
        where = f" WHERE {self._condition(columns, depth, tables)}" if self.random.random() < 0.5 else ""
        roll = self.random.random()
        if roll < 0.3:
            return self._grouped(text, columns, where, tables)
        if roll < 0.38 and len(names) > 1 and "JOIN" not in text and "," not in text.replace(", ", ","):
            return Made(f"SELECT * FROM {text}{where}", names, tables)
        outputs = [self._name() for _ in range(self.random.randint(1, 4))]
        values = ", ".join(f"{self._value(columns, depth, tables)} AS {name}" for name in outputs)
        distinct = "DISTINCT " if self.random.random() < 0.15 else ""
        order = (
            f" ORDER BY {', '.join(str(i + 1) for i in range(len(outputs)))} LIMIT 7"
            if self.random.random() < 0.15
            else ""
        )
        return Made(f"SELECT {distinct}{values} FROM {text}{where}{order}", outputs, tables)

    def _grouped(self, text: str, columns: list[str], where: str, tables: set[str]) -> Made:
        key, value = self.random.choice(columns), self.random.choice(columns)
        first, second, third = self._name(), self._name(), self._name()
        function = self.random.choice(("sum", "count", "min", "max", "avg"))
        having = (
            f" HAVING max({self.random.choice(columns)}) > {self.random.randint(0, 5)}"
            if self.random.random() < 0.3
            else ""
        )
        filtered = f" FILTER (WHERE {self.random.choice(columns)} > 3)" if self.random.random() < 0.3 else ""
        return Made(
            f"SELECT {key} AS {first}, CAST({function}({value}){filtered} AS BIGINT) AS {second}, count(*) AS {third} "
            f"FROM {text}{where} GROUP BY {key}{having}",
            [first, second, third],
            tables,
        )

    def _union(self, depth: int) -> Made:
        left, right = self.query(depth - 1), self.query(depth - 1)
        width = min(len(left.columns), len(right.columns))
        word = self.random.choice(("UNION ALL", "UNION", "EXCEPT", "INTERSECT"))
        a, b = self._name(), self._name()
        return Made(
            f"SELECT {', '.join(left.columns[:width])} FROM ({left.sql}) AS {a} {word} "
            f"SELECT {', '.join(right.columns[:width])} FROM ({right.sql}) AS {b}",
            left.columns[:width],
            left.tables | right.tables,
        )

    def _with(self, depth: int) -> Made:
        inner = self.query(depth - 1)
        name, other = self._name(), self._name()
        outputs = [self._name() for _ in inner.columns]
        values = ", ".join(f"{other}.{column} AS {out}" for column, out in zip(inner.columns, outputs, strict=True))
        return Made(
            f"WITH {name} AS ({inner.sql}) SELECT {values} FROM {name} AS {other} "
            f"JOIN {name} AS {other}b ON {other}.{inner.columns[0]} = {other}b.{inner.columns[-1]}",
            outputs,
            inner.tables,
        )

    def _shadow(self, depth: int) -> Made:
        """A common table expression that hides a base table of the same name."""
        hidden = self.random.choice(list(TABLES))
        inner = self.query(depth - 1)
        if hidden in inner.tables:  # DuckDB reads the name inside as the table as well, but keep the truth plain
            return inner
        outputs = [self._name() for _ in inner.columns]
        values = ", ".join(f"{column} AS {out}" for column, out in zip(inner.columns, outputs, strict=True))
        return Made(f"WITH {hidden} AS ({inner.sql}) SELECT {values} FROM {hidden}", outputs, inner.tables)

    def _recursive(self, depth: int) -> Made:
        inner = self.query(depth - 1)
        name, source = self._name(), self._name()
        column = inner.columns[0]
        return Made(
            f"WITH RECURSIVE {name}(a, b) AS (SELECT {source}.{column}, 0 FROM ({inner.sql}) AS {source} UNION "
            f"SELECT (a + 1) % 5, b + 1 FROM {name} WHERE b < 2) SELECT a, b FROM {name}",
            ["a", "b"],
            inner.tables,
        )
