"""A typed grammar of queries over a world's tables: ordinary ones, and ones that try to see more.

Every answer has one reading: rows are compared as a bag unless all outputs are ordered by, sums are exact, windows
rank by values. What fails, fails for every database alike.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from bench.enforcement.world import SCHEMA, TEXTS, Made, World, quote

RECURSIVE = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3)"
FAILING = 0.5  # how often what can fail on a value is among the choices
PATTERNS = ("HID%", "u%", "%1", "%C%", "_", "SEC%", "E%")
PROBES = ("HIDl-1", "HIDr-2", "SEC-", "usr-11", "EU", "***", "12")


class Col(NamedTuple):
    """A column in scope: its SQL and its kind."""

    sql: str
    kind: str


class Grammar:
    """`next()` gives one query after the other; the seed decides all of them."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.dialect = world.dialect
        self.r = random.Random(f"{seed}")
        self._names = 0

    def next(self) -> str:
        """One query."""
        if self.world.minimum_group and self.r.random() < 0.7:
            return self._one_table_group()
        shapes = [self._select, self._select, self._select, self._join, self._join, self._group, self._group,
                  self._cte, self._setop, self._window, self._derived, self._star, self._odd]  # fmt: skip
        return self.r.choice(shapes)()

    def _table(self) -> Made:
        return self.r.choice(self.world.tables)

    def _name(self) -> str:
        self._names += 1
        return f"a{self._names}"

    def _spelled(self, table: Made) -> str:
        schema = f"{SCHEMA[self.dialect]}." if self.r.random() < 0.15 else ""
        plain = table.name.isascii() and table.name.islower() and table.name != "group" and self.r.random() < 0.5
        return schema + (table.name if plain else quote(table.name))

    def _source(self) -> tuple[str, list[Col]]:
        """A table reference with an alias and the columns that it brings."""
        table, alias = self._table(), self._name()
        if self.r.random() < 0.08:
            alias = self.r.choice(self.world.tables).name  # an alias that is the name of another table
        columns = [Col(f"{quote(alias)}.{quote(name)}", kind) for name, kind, _ in table.columns]
        return f"{self._spelled(table)} AS {quote(alias)}", columns

    def _of(self, columns: list[Col], kind: str) -> str | None:
        fitting = [column.sql for column in columns if column.kind == kind]
        return self.r.choice(fitting) if fitting else None

    def _value(self, columns: list[Col], kind: str, depth: int = 0) -> str:
        r = self.r
        column = self._of(columns, kind)
        if depth > 2 or r.random() < 0.4:
            return column or self._literal(kind)
        deeper = depth + 1
        base = column or self._literal(kind)
        condition, value = self._condition, self._value
        general: list[Callable[[], str]] = [
            lambda: base,
            lambda: f"coalesce({base}, {self._literal(kind)})",
            lambda: f"CASE WHEN {condition(columns, deeper)} THEN {base} ELSE {value(columns, kind, deeper)} END",
            lambda: f"nullif({base}, {value(columns, kind, deeper)})",
            lambda: self._scalar(columns, kind),
        ]
        if kind == "int":
            general += [
                lambda: f"({base} + {value(columns, 'int', deeper)})",
                lambda: f"length({value(columns, 'text', deeper)})",
                lambda: r.choice((f"({base} * 2)", f"abs({base})", f"({base} % 3)")),
            ]
            if r.random() < FAILING:
                general += [
                    lambda: f"CAST({value(columns, 'text', deeper)} AS INTEGER)",
                    lambda: f"(10 / {base})",
                    lambda: f"({base} % {value(columns, 'int', deeper)})",
                ]
            if self.dialect != "sqlite" and (date := self._of(columns, "date")):
                general.append(lambda: f"CAST(extract(year FROM {date}) AS INTEGER)")
        elif kind == "text":
            general += [
                lambda: r.choice((f"lower({base})", f"upper({base})", f"trim({base})", f"({base} || '-x')")),
                lambda: r.choice((f"substr({base}, 1, {r.randint(1, 4)})", f"replace({base}, 'u', 'v')")),
                lambda: f"CAST({value(columns, 'int', deeper)} AS TEXT)",
            ]
        elif kind == "date" and r.random() < FAILING:
            general.append(lambda: f"CAST({value(columns, 'text', deeper)} AS DATE)")
        elif kind in ("float", "decimal"):
            general += [lambda: f"({base} * 2)", lambda: f"abs({base})"]
        elif kind == "bool":
            general.append(lambda: f"({condition(columns, deeper)})")
        return r.choice(general)()

    def _scalar(self, columns: list[Col], kind: str) -> str:
        """A subquery of one value, mostly correlated."""
        source, inner = self._source()
        value = self._of(inner, kind)
        if value is None or kind == "bool":
            return self._literal(kind)
        on, link = self._of(inner, "int"), self._of(columns, "int")
        where = f" WHERE {on} {self.r.choice(('=', '<=', '<>'))} {link}" if on and link else ""
        return f"(SELECT {self.r.choice(('max', 'min'))}({value}) FROM {source}{where})"

    def _literal(self, kind: str) -> str:
        r = self.r
        match kind:
            case "int":
                return str(r.choice((0, 1, 2, 3, 4, 5, 7, 9, 10, 12, 40, 1000)))
            case "text":
                return f"'{r.choice(TEXTS + PROBES)}'"
            case "date":
                day = f"'{r.choice((1970, 1999, 2024))}-0{r.randint(1, 9)}-1{r.randint(0, 9)}'"
                return day if self.dialect == "sqlite" else f"DATE {day}"
            case "bool":
                return r.choice(("TRUE", "FALSE"))
            case "decimal":
                return r.choice(("1.50", "0.00", "99.99"))
        return r.choice(("0.5", "1.5", "3.0")) if self.dialect != "postgres" else "CAST(1.5 AS float8)"

    def _condition(self, columns: list[Col], depth: int = 0) -> str:
        r = self.r
        column = r.choice(columns)
        kind = column.kind
        at, literal = column.sql, self._literal(kind)
        simple: list[Callable[[], str]] = [lambda: f"{at} IS {r.choice(('', 'NOT '))}NULL"]
        if kind != "bool":
            comparison = lambda: f"{at} {r.choice(('=', '=', '<>', '<', '>', '<=', '>='))} {literal}"  # noqa: E731
            simple += [comparison, comparison, lambda: f"{at} IN ({literal}, {self._literal(kind)})",
                       lambda: f"{at} BETWEEN {literal} AND {self._literal(kind)}"]  # fmt: skip
        elif self.dialect != "sqlite":
            simple.append(lambda: f"{at} = {literal}")
        if kind == "text":
            simple += [lambda: f"{at} LIKE '{r.choice(PATTERNS)}'", lambda: f"{at} = {self._value(columns, 'text', 2)}"]
        if kind == "int" and r.random() < FAILING:
            simple += [lambda: f"10 / {at} > 0", lambda: f"{self._value(columns, 'int', 1)} > {self._literal('int')}"]
        if kind == "text" and r.random() < FAILING:
            simple += [lambda: f"CAST({at} AS INTEGER) > 0"]
            if self.dialect == "sqlite":
                simple += [lambda: f"json_extract({at}, '$.a') IS NULL", lambda: f"json({at}) IS NOT NULL"]
        if depth > 1 or r.random() < 0.4:
            return r.choice(simple)()
        again = lambda: self._condition(columns, depth + 1)  # noqa: E731
        deep: list[Callable[[], str]] = [lambda: f"NOT ({again()})", lambda: f"({again()} OR {again()})",
                                         lambda: f"({again()} AND {again()})", lambda: f"({again()} AND {again()})",
                                         lambda: self._subquery(column), lambda: self._subquery(column)]  # fmt: skip
        return r.choice(deep)()

    def _subquery(self, column: Col) -> str:
        """EXISTS or IN over another table, or over the same one."""
        r = self.r
        source, inner = self._source()
        link = self._of(inner, column.kind)
        if not link:
            return f"{column.sql} IS NOT NULL"
        no = r.choice(("", "NOT "))
        if self.dialect == "postgres" and column.kind != "bool" and r.random() < 0.2:
            return f"{column.sql} = ANY (SELECT {link} FROM {source})"
        if r.random() < 0.5:
            more = f" AND {self._condition(inner, 2)}" if r.random() < 0.5 else ""
            return f"{no}EXISTS (SELECT 1 FROM {source} WHERE {link} = {column.sql}{more})"
        return f"{column.sql} {no}IN (SELECT {link} FROM {source} WHERE {self._condition(inner, 2)})"

    def _where(self, columns: list[Col], share: float = 0.6) -> str:
        return f" WHERE {self._condition(columns)}" if self.r.random() < share else ""

    def _outputs(self, columns: list[Col]) -> list[tuple[str, str]]:
        """Two or so expressions, each with the kind of it."""
        kinds = [self.r.choice(columns).kind for _ in range(self.r.randint(1, 3))]
        return [(self._value(columns, kind), kind) for kind in kinds]

    def _ordered(self, count: int, share: float = 0.3) -> str:
        if self.r.random() > share:
            return ""
        keys = ", ".join(str(number + 1) for number in range(count))
        limit = f" LIMIT {self.r.randint(0, 4)}" if self.r.random() < 0.5 else ""
        return f" ORDER BY {keys}{limit}"

    def _select(self) -> str:
        source, columns = self._source()
        outputs = [sql for sql, _ in self._outputs(columns)]
        distinct = "DISTINCT " if self.r.random() < 0.12 else ""
        listed = ", ".join(f"{sql} AS o{number}" for number, sql in enumerate(outputs))
        return f"SELECT {distinct}{listed} FROM {source}{self._where(columns)}{self._ordered(len(outputs))}"

    def _joined(self) -> tuple[str, list[Col]]:
        r = self.r
        left, mine = self._source()
        right, theirs = self._source()
        while right.split(" AS ")[1] == left.split(" AS ")[1]:
            right, theirs = self._source()
        kind = r.choice(("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ","))
        if kind in ("CROSS JOIN", ","):
            return f"{left} {kind} {right}".replace(" , ", ", "), mine + theirs
        one, other = r.choice(mine), r.choice(theirs)
        on = f"{one.sql} = {other.sql}" if one.kind == other.kind else f"{mine[0].sql} = {theirs[0].sql}"
        if r.random() < 0.3 and kind != "FULL JOIN":
            on += f" AND {self._condition(mine + theirs, 2)}"
        text = f"{left} {kind} {right} ON {on}"
        if r.random() < 0.1 and kind != "FULL JOIN":
            third, more = self._source()
            if third.split(" AS ")[1] not in text:
                return f"({text}) JOIN {third} ON {more[0].sql} = {mine[0].sql}", mine + theirs + more
        return text, mine + theirs

    def _join(self) -> str:
        source, columns = self._joined()
        outputs = [sql for sql, _ in self._outputs(columns)]
        listed = ", ".join(f"{sql} AS o{number}" for number, sql in enumerate(outputs))
        return f"SELECT {listed} FROM {source}{self._where(columns)}{self._ordered(len(outputs))}"

    def _aggregate(self, columns: list[Col]) -> str:
        r = self.r
        column = r.choice(columns)
        number = self._value(columns, "int", 2)
        found = ["count(*)", f"count({column.sql})", f"count(DISTINCT {column.sql})", f"sum({number})",
                 f"avg({number})"]  # fmt: skip
        if column.kind != "bool":
            found += [f"min({column.sql})", f"max({column.sql})"]
        made = r.choice(found)
        if r.random() < 0.15:
            made += f" FILTER (WHERE {self._condition(columns, 2)})"
        return made

    def _group(self) -> str:
        r = self.r
        source, columns = self._joined() if r.random() < 0.3 else self._source()
        key = r.choice(columns)
        keys = self._value(columns, key.kind, 2) if r.random() < 0.3 else key.sql
        having = f" HAVING {self._aggregate(columns)} IS NOT NULL" if r.random() < 0.2 else ""
        having = having or (f" HAVING count(*) > {r.randint(0, 2)}" if r.random() < 0.3 else "")
        aggregates = ", ".join(f"{self._aggregate(columns)} AS n{number}" for number in range(r.randint(1, 3)))
        if r.random() < 0.25 and not having:
            return f"SELECT {aggregates} FROM {source}{self._where(columns)}"
        group = f"GROUP BY {keys}"
        if self.dialect != "sqlite" and r.random() < 0.15:
            group = f"GROUP BY {r.choice(('ROLLUP', 'CUBE'))} ({key.sql}, {columns[0].sql})"
            keys = key.sql
        return f"SELECT {keys} AS k, {aggregates} FROM {source}{self._where(columns)} {group}{having}"

    def _one_table_group(self) -> str:
        """What a minimum group allows, more or less."""
        r = self.r
        table = self._table()
        key = r.choice(table.columns)
        numbers = [quote(name) for name, kind, _ in table.columns if kind == "int"]
        aggregates = ", ".join(
            f"{r.choice((f'sum({r.choice(numbers)})', 'count(*)', f'avg({r.choice(numbers)})'))} AS n{at}"
            for at in range(2)
        )
        columns = [Col(quote(name), kind) for name, kind, _ in table.columns]
        where = f" WHERE {self._condition(columns, 2)}" if r.random() < 0.5 else ""
        return f"SELECT {quote(key[0])}, {aggregates} FROM {self._spelled(table)}{where} GROUP BY {quote(key[0])}"

    def _cte(self) -> str:
        r = self.r
        source, columns = self._source()
        name = r.choice(("w", self._table().name))
        first, second = r.choice(columns), r.choice(columns)
        word = r.choice(("", "", "MATERIALIZED ")) if self.dialect != "sqlite" else ""
        body = f"SELECT {first.sql} AS a, {second.sql} AS b FROM {source}{self._where(columns)}"
        inner = [Col("p.a", first.kind), Col("p.b", second.kind), Col("q.b", second.kind)]
        outer = f"SELECT p.a, q.b FROM {quote(name)} p LEFT JOIN {quote(name)} q ON p.a = q.a{self._where(inner, 0.5)}"
        return f"WITH {quote(name)} AS {word}({body}) {outer}"

    def _setop(self) -> str:
        one, mine = self._source()
        other, theirs = self._source()
        kind = self.r.choice(mine).kind
        left, right = self._value(mine, kind, 1), self._value(theirs, kind, 1)
        word = self.r.choice(("UNION", "UNION ALL", "EXCEPT", "INTERSECT"))
        return (
            f"SELECT {left} AS o FROM {one}{self._where(mine)} {word} SELECT {right} FROM {other}{self._where(theirs)}"
        )

    def _window(self) -> str:
        r = self.r
        source, columns = self._source()
        order = self._of(columns, r.choice(("int", "text", "date"))) or columns[0].sql
        function = r.choice(("rank()", "dense_rank()", "count(*)", f"max({r.choice(columns).sql})",
                             f"sum({self._value(columns, 'int', 2)})", "percent_rank()"))  # fmt: skip
        if function.startswith("max") and self.dialect == "postgres":
            function = f"max({columns[0].sql})"
        part = f"PARTITION BY {r.choice(columns).sql} " if r.random() < 0.5 else ""
        shown = r.choice(columns).sql
        text = f"{function} OVER ({part}ORDER BY {order}) AS w"
        if self.dialect == "duckdb" and r.random() < 0.3:
            return (
                f"SELECT {shown} AS o FROM {source}{self._where(columns)} QUALIFY rank() OVER (ORDER BY {order}) <= 2"
            )
        return f"SELECT {shown} AS o, {text} FROM {source}{self._where(columns)}"

    def _derived(self) -> str:
        source, columns = self._joined() if self.r.random() < 0.3 else self._source()
        outputs = self._outputs(columns)
        listed = ", ".join(f"{sql} AS c{number}" for number, (sql, _) in enumerate(outputs))
        outside = [Col(f"d.c{number}", kind) for number, (_, kind) in enumerate(outputs)]
        value = self._value(outside, outputs[0][1], 1)
        return (
            f"SELECT {value} AS o FROM (SELECT {listed} FROM {source}{self._where(columns)}) AS d{self._where(outside)}"
        )

    def _star(self) -> str:
        source, columns = self._source()
        alias = source.split(" AS ")[1]
        star = self.r.choice(("*", f"{alias}.*"))
        return f"SELECT {star} FROM {source}{self._where(columns)}{self._ordered(len(columns))}"

    def _odd(self) -> str:
        """Forms of one engine."""
        r = self.r
        source, columns = self._source()
        alias, shown = source.split(" AS ")[1], r.choice(columns).sql
        where = self._where(columns)
        found = [
            f"SELECT {shown} AS o, (SELECT count(*) FROM {source}) AS n FROM {source}{where}",
            f"SELECT v.x, {shown} AS o FROM (VALUES (1), (2)) AS v(x), {source}{where}"
            if self.dialect != "sqlite"
            else f"SELECT {shown} AS o FROM {source}{where}",
            f"{RECURSIVE} SELECT r.n, {shown} AS o FROM r JOIN {source} ON {columns[0].sql} > r.n{where}",
        ]
        if self.dialect == "postgres":
            found += [f"SELECT {alias} FROM {source}{where}", f"SELECT row_to_json({alias}) AS o FROM {source}{where}",
                      f"SELECT l.z FROM {source} CROSS JOIN LATERAL (SELECT {shown} AS z) AS l{where}",
                      f"SELECT DISTINCT ON ({shown}) {shown} AS o FROM {source}{where} ORDER BY {shown}"]  # fmt: skip
        if self.dialect == "duckdb":
            found += [f"SELECT {alias} FROM {source}{where}", f"FROM {source}{where}",
                      f"SELECT * EXCLUDE (\"id\") FROM {source}{where}",
                      f"SELECT list({shown} ORDER BY {shown}) AS o FROM {source}{where}",
                      f"SELECT TRY_CAST({shown} AS INTEGER) AS o FROM {source}{where}"]  # fmt: skip
            other, theirs = self._source()
            if other.split(" AS ")[1] != alias:
                word = r.choice(("SEMI JOIN", "ANTI JOIN"))
                found.append(f"SELECT {shown} AS o FROM {source} {word} {other} ON {theirs[0].sql} = {columns[0].sql}")
        text = self._of(columns, "text")
        if text and self.dialect != "duckdb":
            together = "string_agg" if self.dialect == "postgres" else "group_concat"
            if self.dialect == "postgres":
                found.append(f"SELECT {together}({text}, ',' ORDER BY {text}) AS o FROM {source}{where}")
        return r.choice(found)
