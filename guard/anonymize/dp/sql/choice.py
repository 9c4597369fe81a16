"""CASE, IF, COALESCE and NULLIF: branches of one kind, numbers on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from guard.anonymize.dp.sql.arithmetic import Arithmetic
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.value import Constant, Val, common, rescale


class Choice(Arithmetic):
    """Compiles choices between values."""

    def case(self, node: exp.Case) -> Val:
        branches = [(self._when(node, each), self.value(each.args["true"])) for each in node.args["ifs"]]
        default = node.args.get("default")
        last = self.value(default) if default is not None else self.null(exp.Null())
        return self._choice(branches, last, node)

    def if_(self, node: exp.If) -> Val:
        default = node.args.get("false")
        last = self.value(default) if default is not None else self.null(exp.Null())
        return self._choice([(self.condition(node.this), self.value(node.args["true"]))], last, node)

    def _when(self, node: exp.Case, branch: exp.If) -> str:
        if node.this is None:
            return self.condition(branch.this)
        return self._compare(self.value(node.this), "=", self.value(branch.this), node)

    def coalesce(self, node: exp.Coalesce) -> Val:
        values = [self.value(each) for each in (node.this, *node.expressions)]
        return self._choice([(f"{each.sql} IS NOT NULL", each) for each in values[:-1]], values[-1], node)

    def nullif(self, node: exp.Nullif) -> Val:
        value = self.value(node.this)
        same = self._compare(value, "=", self.value(node.expression), node)
        return self._choice([(same, self.null(exp.Null()))], value, node)

    def _choice(self, branches: Sequence[tuple[str, Val]], last: Val, node: exp.Expr) -> Val:
        values = [value for _, value in branches] + [last]
        kinds = {value.kind for value in values} - {"null"}
        if not kinds:
            return self.null(exp.Null())
        if len(kinds) > 1 or kinds == {"other"}:
            raise Refusal(
                "dp-type", "the branches are of different kinds", help="give every branch one kind", node=node
            )
        kind = kinds.pop()
        if kind == "number":
            values = self._one_grid(values, node)
        domain: tuple[Constant, ...] | None = None
        if all(value.domain is not None for value in values):
            domain = tuple(dict.fromkeys(each for value in values for each in value.domain or ()))
        conditions = [condition for condition, _ in branches]
        pairs = zip(conditions, values[:-1], strict=True)
        sql = " ".join(
            ["CASE", *(f"WHEN {test} THEN {value.sql}" for test, value in pairs), "ELSE", values[-1].sql, "END"]
        )
        made = replace(values[0], kind=kind, sql=sql, domain=domain, constant=False, value=None, unit="", leaf=None)
        if kind != "number":
            return made
        return replace(
            made,
            low=min(value.low for value in values if value.kind != "null"),
            high=max(value.high for value in values if value.kind != "null"),
            bounded=all(value.bounded for value in values),
            integer=all(value.integer for value in values),
            wide=any(value.wide for value in values),
        )

    def _one_grid(self, values: Sequence[Val], node: exp.Expr) -> list[Val]:
        """All on one grid; NULL stays NULL and widens nothing."""
        fixed = [value if value.kind == "null" else self.on_grid(value, node) for value in values]
        numbers = [value for value in fixed if value.kind == "number"]
        finest = numbers[0]
        for value in numbers[1:]:
            finest = common(finest, value)[0]
        widened = [
            self._checked(rescale(value, finest.scale), node) if value.kind == "number" else value for value in fixed
        ]
        some = next(value for value in widened if value.kind == "number")
        none = replace(some, sql="NULL", domain=(None,), constant=True, value=None, bounded=True, integer=True)
        return [none if value.kind == "null" else value for value in widened]
