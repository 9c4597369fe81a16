"""A value becomes its ancestor in a hierarchy: profession to sector, town to province.

What it hides: which of the values below the ancestor it was.
What it keeps: the ancestor.
Against whom: a reader who would single a person out by the exact value; the tool of k-anonymity.

Guarantee: values with the same ancestor look the same; a value that the hierarchy does not list becomes `*`.

    >>> import pyarrow as pa
    >>> from guard.anonymize.transform import File
    >>> jobs = File("jobs.csv", "Nurse;Health;*\\nDoctor;Health;*\\nTeacher;School;*\\n".encode())
    >>> apply(pa.array(["Nurse", "Doctor", "Pilot", None]), Params(hierarchy=jobs, level=1), None).to_pylist()
    ['Health', 'Health', '*', None]

What it does not protect: ancestors with few members. On a number or a date the result is an error: `as: text` in a
plan makes texts of them.
Reference: GB/T 37964-2019 annex A, generalisation; the file form of ARX: a line a value, `;` between levels.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from guard.anonymize.guarantee import Guarantee
from guard.anonymize.hierarchy import SUPPRESSED, parse
from guard.anonymize.transform import File
from guard.errors import TransformError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


MAX_SQL_VALUES = 1000
_CURE = "use it on texts; in a plan, `as: text` makes a text of another type"


class Params(Value, frozen=True):
    """`level` 1 is the first ancestor. `missing`: `suppress` writes `*` for an unlisted value, `refuse` is an error."""

    hierarchy: File
    level: int = 1
    missing: Literal["suppress", "refuse"] = "suppress"

    def __post_init__(self) -> None:
        parse(self.hierarchy).check(self.level)


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised: one look-up for each row.

    Raises:
        TransformError: not a column of texts, or an unlisted value where `missing` is `refuse`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from guard.anonymize.columns import array, is_text, map_text, no_form

    one = array(values)
    if not is_text(one.type):
        raise no_form("generalise", one.type, cure=_CURE)
    steps = parse(params.hierarchy).steps(params.level)
    listed, ancestors = pa.array(list(steps), pa.string()), pa.array(list(steps.values()), pa.string())

    def look_up(text: pa.Array) -> pa.Array:
        found = pc.index_in(text, value_set=listed)
        unlisted = pc.and_(pc.is_null(found), pc.is_valid(text))
        if params.missing == "refuse" and (count := pc.sum(unlisted).as_py()):
            msg = f"the hierarchy `{params.hierarchy.name}` does not list {count} of {len(text)} values"
            raise TransformError(msg, help="add them to the hierarchy, or set `missing: suppress`")
        return pc.if_else(unlisted, pa.scalar(SUPPRESSED), pc.take(ancestors, found))

    return map_text(one, look_up)


def guarantee(params: Params) -> Guarantee:
    """The ancestor."""
    return Guarantee(State.GENERALISED, shows=f"the ancestor at level {params.level} of `{params.hierarchy.name}`")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """A CASE over the hierarchy.

    Raises:
        TransformError: not a column of texts, more than 1,000 values, or `missing: refuse`.
    """
    from sqlglot import exp

    from guard.anonymize.columns import no_form
    from guard.anonymize.sql_functions import case, exact, string, text
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.TEXT:
        raise no_form("generalise", column_type, cure=_CURE)
    steps = parse(params.hierarchy).steps(params.level)
    if len(steps) > MAX_SQL_VALUES or params.missing == "refuse":
        msg = f"the hierarchy `{params.hierarchy.name}` has no SQL form"
        raise TransformError(msg, help=f"at most {MAX_SQL_VALUES} values, and `missing: suppress`")
    value = text(column, kind)
    arms: list[tuple[exp.Expression, exp.Expression]] = [
        (exp.Is(this=value.copy(), expression=exp.Null()), exp.Null()),
    ]
    below: dict[str, list[str]] = {}
    for listed, ancestor in steps.items():
        below.setdefault(ancestor, []).append(listed)
    for ancestor, members in below.items():
        one_of = exp.In(this=exact(value, kind.dialect), expressions=[string(member) for member in members])
        arms.append((one_of, string(ancestor)))
    return kind.cast(case(*arms, otherwise=string(SUPPRESSED)))
