"""A seeded generator of ordinary and odd queries over the world's tables, the same text for all three engines.

Every query orders by all of its outputs or is compared as a bag, so its answer has one reading.
"""

from __future__ import annotations

import random

NUMBERS = {"customers": ["id"], "orders": ["id", "customer_id", "amount"]}
TEXTS = {"customers": ["name", "ssn", "region"], "orders": ["memo"]}


class Queries:
    """`next()` gives one query after the other; the seed decides all of them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def next(self) -> str:
        """One query."""
        shape = self._random.choice(
            [self._select, self._select, self._join, self._join, self._group, self._cte, self._setop, self._window,
             self._derived, self._shadow, self._nested_join, self._distinct]
        )  # fmt: skip
        return shape()

    def _table(self) -> str:
        return self._random.choice(["customers", "customers", "orders"])

    def _number(self, table: str, alias: str) -> str:
        return f"{alias}.{self._random.choice(NUMBERS[table])}"

    def _text(self, table: str, alias: str) -> str:
        return f"{alias}.{self._random.choice(TEXTS[table])}"

    def _value(self, table: str, alias: str) -> str:
        r = self._random
        number, text = self._number(table, alias), self._text(table, alias)
        return r.choice(
            [number, text, f"{number} + {r.randint(1, 5)}", f"lower({text})", f"substr({text}, 1, {r.randint(1, 5)})",
             f"length({text})", f"coalesce({text}, 'none')",
             f"CASE WHEN {self._condition(table, alias, 1)} THEN 1 ELSE 0 END",
             f"{text} || '-x'", f"nullif({text}, '***')", f"abs({number} - {r.randint(1, 9)})",
             f"(SELECT count(*) FROM orders q WHERE q.customer_id = {number})",
             f"(SELECT max(q.ssn) FROM customers q WHERE q.id = {number})"]
        )  # fmt: skip

    def _condition(self, table: str, alias: str, depth: int = 0) -> str:
        r = self._random
        number, text = self._number(table, alias), self._text(table, alias)
        simple = [
            f"{number} {r.choice(['=', '<>', '<', '>', '<=', '>='])} {r.randint(0, 60)}",
            f"{number} BETWEEN {r.randint(0, 3)} AND {r.randint(3, 50)}",
            f"{number} IN ({r.randint(0, 9)}, {r.randint(0, 9)}, {r.randint(0, 50)})",
            f"{text} = '{r.choice(['EU', 'US', '***', 'usr-11', 'SSN-CANARY-1', 'ROW-CANARY', 'a'])}'",
            f"{text} LIKE '{r.choice(['usr%', '%CANARY%', 'S%', '%1', '*%', '_'])}'",
            f"{text} IS {r.choice(['', 'NOT '])}NULL",
            f"length({text}) > {r.randint(0, 12)}",
            f"{number} % {r.randint(2, 3)} = 1",
        ]
        if depth > 1:
            return r.choice(simple)
        deep = [
            f"({self._condition(table, alias, depth + 1)} OR {self._condition(table, alias, depth + 1)})",
            f"{self._condition(table, alias, depth + 1)} AND {self._condition(table, alias, depth + 1)}",
            f"NOT ({self._condition(table, alias, depth + 1)})",
            f"{'NOT ' if r.random() < 0.4 else ''}EXISTS (SELECT 1 FROM customers e WHERE e.id = {number})",
            f"{number} {'NOT ' if r.random() < 0.4 else ''}IN (SELECT e.id FROM customers e WHERE e.ssn LIKE '%*%')",
            f"{number} <= (SELECT max(e.amount) FROM orders e WHERE e.customer_id IN (SELECT id FROM customers))",
        ]
        return r.choice(simple + simple + deep)

    def _where(self, table: str, alias: str) -> str:
        return f" WHERE {self._condition(table, alias)}" if self._random.random() < 0.7 else ""

    def _select(self) -> str:
        table = self._table()
        if self._random.random() < 0.3:
            columns = "id, name, ssn, region" if table == "customers" else "*"
            return f"SELECT {columns} FROM {table} AS t{self._where(table, 't')}"
        values = ", ".join(self._value(table, "t") for _ in range(self._random.randint(1, 3)))
        return f"SELECT {values} FROM {table} t{self._where(table, 't')}{self._window_of_rows(values)}"

    def _window_of_rows(self, values: str) -> str:
        count = 1 + values.count(", ") if "(" not in values else 0
        if not count or self._random.random() < 0.6:
            return ""
        keys = ", ".join(str(number + 1) for number in range(count))
        return f" ORDER BY {keys} LIMIT {self._random.randint(1, 4)}"

    def _join(self) -> str:
        r = self._random
        kind = r.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "JOIN"])
        on = "o.customer_id = c.id"
        if r.random() < 0.4 and kind == "JOIN":
            on += f" AND {self._condition('customers', 'c', 1)}"
        where = (
            f" WHERE {self._condition(*r.choice([('customers', 'c'), ('orders', 'o')]))}" if r.random() < 0.6 else ""
        )
        return (
            f"SELECT {self._value('customers', 'c')}, {self._value('orders', 'o')} "
            f"FROM customers c {kind} orders o ON {on}{where}"
        )

    def _group(self) -> str:
        r = self._random
        table = self._table()
        key = self._text(table, "t")
        aggregate = r.choice(["count(*)", f"sum({self._number(table, 't')})", f"min({self._text(table, 't')})",
                              f"count(DISTINCT {self._text(table, 't')})", f"avg({self._number(table, 't')})"]
                             )  # fmt: skip
        having = f" HAVING count(*) > {r.randint(0, 2)}" if r.random() < 0.4 else ""
        return f"SELECT {key}, {aggregate} FROM {table} t{self._where(table, 't')} GROUP BY {key}{having}"

    def _cte(self) -> str:
        table = self._table()
        name = self._random.choice(["x", "customers", "orders"])
        return (
            (
                f"WITH {name} AS (SELECT id, {self._random.choice(TEXTS[table])} AS v FROM main_{table}"
                f"{self._where(table, f'main_{table}')}) SELECT a.id, a.v FROM {name} a JOIN {name} b ON a.id = b.id"
            )
            .replace("main_", "{schema}." if name == table else "")
            .replace(f"{{schema}}.{table}.", f"{table}.")
        )

    def _setop(self) -> str:
        r = self._random
        operator = r.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT"])
        left, right = self._table(), self._table()
        return (
            f"SELECT {self._text(left, 't')} FROM {left} t{self._where(left, 't')} {operator} "
            f"SELECT {self._text(right, 'u')} FROM {right} u{self._where(right, 'u')}"
        )

    def _window(self) -> str:
        table = self._table()
        function = self._random.choice(["row_number()", "rank()", "count(*)", f"max({self._text(table, 't')})"])
        partition = f"PARTITION BY {self._text(table, 't')} " if self._random.random() < 0.5 else ""
        return f"SELECT t.id, {function} OVER ({partition}ORDER BY t.id) FROM {table} t{self._where(table, 't')}"

    def _derived(self) -> str:
        table = self._table()
        return (
            f"SELECT d.a, d.b FROM (SELECT {self._number(table, 't')} AS a, {self._text(table, 't')} AS b "
            f"FROM {table} t{self._where(table, 't')}) d WHERE d.a > {self._random.randint(0, 4)}"
        )

    def _shadow(self) -> str:
        """Aliases that are names of other tables."""
        return (
            f"SELECT orders.id, customers.id FROM customers AS orders JOIN orders AS customers "
            f"ON customers.customer_id = orders.id WHERE {self._condition('customers', 'orders', 1)}"
        )

    def _nested_join(self) -> str:
        return (
            f"SELECT c.id, o.id, d.ssn FROM (customers c JOIN orders o ON o.customer_id = c.id) "
            f"LEFT JOIN customers d ON d.id = o.amount / 10 WHERE {self._condition('customers', 'c', 1)}"
        )

    def _distinct(self) -> str:
        table = self._table()
        texts = f"{self._text(table, 't')}, {self._text(table, 't')}"
        return f"SELECT DISTINCT {texts} FROM {table} t{self._where(table, 't')}"
