"""Analytic queries over a star schema: joins along the keys, filters by values that occur, groups, windows, unions."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

# fact or middle table -> (column, table, its key)
LINKS: dict[str, list[tuple[str, str, str]]] = {
    "lineitem": [("l_orderkey", "orders", "o_orderkey"), ("l_partkey", "part", "p_partkey"),
                 ("l_suppkey", "supplier", "s_suppkey")],
    "orders": [("o_custkey", "customer", "c_custkey")],
    "customer": [("c_nationkey", "nation", "n_nationkey"),
                 ("c_current_addr_sk", "customer_address", "ca_address_sk"),
                 ("c_current_cdemo_sk", "customer_demographics", "cd_demo_sk")],
    "supplier": [("s_nationkey", "nation", "n_nationkey")],
    "nation": [("n_regionkey", "region", "r_regionkey")],
    "store_sales": [("ss_customer_sk", "customer", "c_customer_sk"), ("ss_item_sk", "item", "i_item_sk"),
                    ("ss_store_sk", "store", "s_store_sk"), ("ss_addr_sk", "customer_address", "ca_address_sk")],
    "web_sales": [("ws_bill_customer_sk", "customer", "c_customer_sk"), ("ws_item_sk", "item", "i_item_sk")],
    "catalog_sales": [("cs_bill_customer_sk", "customer", "c_customer_sk"), ("cs_item_sk", "item", "i_item_sk")],
}  # fmt: skip
NUMBERS = ("INTEGER", "BIGINT", "DECIMAL")


class Analytic:
    """`next()` gives one query after the other; the seed decides all of them."""

    def __init__(self, schema: dict[str, dict[str, str]], seed: int, values: Callable[[str, str], list[Any]]) -> None:
        self.schema = schema
        self.r = random.Random(seed)
        self._values = values
        self._known: dict[tuple[str, str], list[Any]] = {}
        self.starts = [table for table in LINKS if table in schema]

    def next(self) -> str:
        """One query."""
        return self.r.choice((self._group, self._group, self._rows, self._window, self._with, self._union))()

    def _joined(self) -> tuple[str, list[tuple[str, str, str]]]:
        """FROM, and the columns in scope: SQL, table, name."""
        r = self.r
        table = r.choice(self.starts)
        text, reached = f"{table} t0", [("t0", table)]
        for number in range(1, r.randint(1, 4)):
            alias, at = r.choice(reached)
            links = [link for link in LINKS.get(at, []) if link[1] in self.schema and link[0] in self.schema[at]]
            links = [link for link in links if link[2] in self.schema[link[1]]]
            if not links:
                continue
            column, to, key = r.choice(links)
            kind = r.choice(("JOIN", "JOIN", "LEFT JOIN"))
            text += f" {kind} {to} t{number} ON {alias}.{column} = t{number}.{key}"
            reached.append((f"t{number}", to))
        columns = [(f"{alias}.{name}", at, name) for alias, at in reached for name in self.schema[at]]
        return text, columns

    def _literal(self, table: str, column: str) -> str:
        known = self._known.get((table, column))
        if known is None:
            known = self._known[table, column] = self._values(table, column)
        if not known:
            return "NULL"
        return "'" + str(self.r.choice(known)).replace("'", "''") + "'"

    def _condition(self, columns: list[tuple[str, str, str]]) -> str:
        r = self.r
        sql, table, name = r.choice(columns)
        one, other = self._literal(table, name), self._literal(table, name)
        simple = r.choice((
            f"{sql} >= {one}", f"{sql} < {one}", f"{sql} IN ({one}, {other})", f"{sql} <> {one}", f"{sql} IS NOT NULL",
            f"NOT {sql} BETWEEN {one} AND {other}",
        ))  # fmt: skip
        if r.random() < 0.25:
            return f"({simple} OR {self._condition(columns)})"
        if r.random() < 0.2:
            at = r.choice(self.starts)
            links = [link for link in LINKS[at] if link[1] == table and link[2] == name]
            if links:
                inner = f"SELECT 1 FROM {at} e WHERE e.{links[0][0]} = {sql}"
                return f"{r.choice(('', 'NOT '))}EXISTS ({inner})"
        return simple

    def _where(self, columns: list[tuple[str, str, str]]) -> str:
        count = self.r.choice((0, 1, 1, 2))
        return " WHERE " + " AND ".join(self._condition(columns) for _ in range(count)) if count else ""

    def _number(self, columns: list[tuple[str, str, str]]) -> str:
        fitting = [sql for sql, table, name in columns if self.schema[table][name].startswith(NUMBERS)]
        return self.r.choice(fitting)

    def _aggregate(self, columns: list[tuple[str, str, str]]) -> str:
        number, value = self._number(columns), self.r.choice(columns)[0]
        return self.r.choice((f"sum({number})", f"avg({number})", f"count(DISTINCT {value})", f"min({value})",
                              f"max({value})", "count(*)", f"count({value})",
                              f"sum(CASE WHEN {self._condition(columns)} THEN {number} ELSE 0 END)"))  # fmt: skip

    def _group(self) -> str:
        text, columns = self._joined()
        keys = list(dict.fromkeys(self.r.choice(columns)[0] for _ in range(self.r.randint(1, 2))))
        outputs = ", ".join(f"{self._aggregate(columns)} AS n{number}" for number in range(self.r.randint(1, 3)))
        having = " HAVING count(*) > 2" if self.r.random() < 0.3 else ""
        group = ", ".join(keys)
        if self.r.random() < 0.15:
            group = f"ROLLUP ({group})"
        return f"SELECT {', '.join(keys)}, {outputs} FROM {text}{self._where(columns)} GROUP BY {group}{having}"

    def _rows(self) -> str:
        text, columns = self._joined()
        outputs = list(dict.fromkeys(self.r.choice(columns)[0] for _ in range(self.r.randint(1, 4))))
        shown = ", ".join(f"{sql} AS c{number}" for number, sql in enumerate(outputs))
        order = ", ".join(str(number + 1) for number in range(len(outputs)))
        return f"SELECT {shown} FROM {text}{self._where(columns)} ORDER BY {order} LIMIT {self.r.choice((7, 50))}"

    def _window(self) -> str:
        text, columns = self._joined()
        key, value = self.r.choice(columns)[0], self._number(columns)
        inner = (
            f"SELECT {key} AS k, {value} AS v, rank() OVER (PARTITION BY {key} ORDER BY {value} DESC) AS place, "
            f"sum({value}) OVER (PARTITION BY {key}) AS total FROM {text}{self._where(columns)}"
        )
        return f"SELECT k, max(total) AS m, count(*) AS n FROM ({inner}) w WHERE place <= 3 GROUP BY k"

    def _with(self) -> str:
        text, columns = self._joined()
        key, value = self.r.choice(columns)[0], self._number(columns)
        body = f"SELECT {key} AS k, sum({value}) AS s FROM {text}{self._where(columns)} GROUP BY {key}"
        return (
            f"WITH spent AS ({body}) SELECT a.k, a.s FROM spent a "
            f"WHERE a.s > (SELECT avg(b.s) FROM spent b) OR a.k IS NULL"
        )

    def _union(self) -> str:
        first, mine = self._joined()
        second, theirs = self._joined()
        word = self.r.choice(("UNION", "UNION ALL", "INTERSECT", "EXCEPT"))
        return (
            f"SELECT CAST({self.r.choice(mine)[0]} AS VARCHAR) AS o FROM {first}{self._where(mine)} {word} "
            f"SELECT CAST({self.r.choice(theirs)[0]} AS VARCHAR) FROM {second}{self._where(theirs)}"
        )
