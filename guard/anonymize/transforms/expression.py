"""The author of a rule says what stays, in a closed grammar over the value.

What it hides: what the expression does not take over. An expression that shows the column as it is, is refused.
What it keeps: the parts of the value that the expression names.
Against whom: a reader without further knowledge; the author of the rule answers for what the parts tell.

Guarantee: values that agree in every part, length and condition of the expression look the same. All functions are
total and count code points, so nothing raises on a value, and nothing of the expression reaches SQL as text.

    >>> import pyarrow as pa
    >>> text = "if(contains({col}, '@'), concat(left({col}, 1), '***@', after({col}, '@')), repeat('*', length({col})))"
    >>> apply(pa.array(["li@a.cn", "13812341234", None]), Params(text=text), None).to_pylist()
    ['l***@a.cn', '***********', None]

What it does not protect: the parts that it shows, a short value of which the parts are the whole, and what length and
conditions tell. Texts alone have a form; a number or a date is an error.
Reference: Apache Ranger, mask type CUSTOM; the grammar stands in `guard/anonymize/expression/grammar.py`.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.expression.grammar import parse
from guard.anonymize.guarantee import Guarantee
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters

CURE = "it makes texts; let the rule name a transform for this type, or `null`"


class Params(Value, frozen=True):
    """`text`: the expression. `{col}` is the value, in single quotes stand literals, names are in lower case.

    `concat(a, b, ...)`, `left(a, n)`, `right(a, n)`, `substring(a, from, count)`, `before(a, 'x')`, `after(a, 'x')`,
    `repeat('*', number)`, `if(condition, a, b)`; numbers: `length(a)`, literals up to 1,000, and `- n`, which stops at
    0; conditions: numbers compared by `< <= > >= = <>`, `contains(a, 'x')`, `starts_with(a, 'x')`.
    """

    text: str

    def __post_init__(self) -> None:
        parse(self.text)


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised, but for `before` and `after`.

    Raises:
        TransformError: the column holds no texts.
    """
    from guard.anonymize.columns import array, is_text, map_text, no_form
    from guard.anonymize.expression.arrow import evaluate

    one = array(values)
    if not is_text(one.type):
        raise no_form("expression", one.type, cure=CURE)
    node = parse(params.text)
    return map_text(one, lambda column: evaluate(node, column))


def guarantee(params: Params) -> Guarantee:
    """What the expression says."""
    return Guarantee(State.MASKED, shows="the parts, lengths and conditions that the expression names")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same by code points.

    Raises:
        TransformError: the column holds no texts.
    """
    from guard.anonymize.columns import no_form
    from guard.anonymize.expression.sql import text_sql
    from guard.anonymize.sql_functions import over_text, plain, where_not_null
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.TEXT:
        raise no_form("expression", column_type, cure=CURE)
    made = text_sql(parse(params.text), plain(column, kind), kind.dialect)
    return kind.cast(over_text(column, kind, where_not_null(column, made)))
