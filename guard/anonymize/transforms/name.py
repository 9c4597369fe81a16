"""A person's name keeps one character, or the family name.

What it hides: the rest of the name.
What it keeps: a Chinese name keeps its first and last character (张*丰), of two the first (张*), and a compound
family name stays whole (欧阳*, 司马**); with `keep: family` only the family name stays (张**). Any other name keeps its
first letter and no length (J***). One character alone is hidden.
Against whom: a reader without further knowledge of the person.

Guarantee: names with the same shown characters and, for Chinese names, the same length look the same.

    >>> import pyarrow as pa
    >>> names = pa.array(["张三", "张三丰", "欧阳锋", "司马相如", "阿迪力·买买提", "John Smith", "王", "", None])
    >>> apply(names, Params(), None).to_pylist()
    ['张*', '张*丰', '欧阳*', '司马**', '阿******', 'J***', '*', '', None]
    >>> apply(pa.array(["张三丰"]), Params(keep="family"), None).to_pylist()
    ['张**']

What it does not protect: rare family names, and small groups. On a number or a date the result is null.
Reference: JR/T 0171-2020 annex A (part of a name is hidden); the compound family names of 百家姓, both scripts.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from guard.anonymize.guarantee import Guarantee
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


# Compound family names in use, simplified and traditional.
# fmt: off
COMPOUND = (
    "欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "夏侯", "皇甫", "尉迟",
    "尉遲", "公孙", "公孫", "慕容", "令狐", "司徒", "司空", "宇文", "长孙", "長孫",
    "端木", "东方", "東方", "南宫", "南宮", "独孤", "獨孤", "百里", "呼延", "轩辕",
    "軒轅", "澹台", "澹臺", "闻人", "聞人", "钟离", "鍾離", "赫连", "赫連", "拓跋",
    "申屠", "太史", "西门", "西門", "东郭", "東郭", "濮阳", "濮陽", "淳于", "公羊",
    "仲孙", "仲孫", "万俟", "萬俟", "第五", "亓官", "鲜于", "鮮于", "闾丘", "閭丘",
    "范姜", "張簡",
)
# fmt: on
# The blocks of Han characters: 3400-4DBF, 4E00-9FFF, F900-FAFF, and planes 2 and 3.
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HAN_FIRST, HAN_GLOB = f"^[{HAN}]", f"[{HAN}]*"


class Params(Value, frozen=True):
    """`keep`: `ends` shows the last character of a three-character name too, `family` does not."""

    keep: Literal["ends", "family"] = "ends"


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised over code points."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from guard.anonymize.columns import map_text

    def mask(text: pa.Array) -> pa.Array:
        size = pc.utf8_length(text)
        first, last = pc.utf8_slice_codeunits(text, 0, 1), pc.utf8_slice_codeunits(text, -1)
        family = pc.utf8_slice_codeunits(text, 0, 2)
        compound = pc.and_(pc.is_in(family, value_set=pa.array(COMPOUND)), pc.greater(size, 2))
        stars = pc.binary_repeat("*", pc.max_element_wise(pc.subtract(size, pc.if_else(compound, 2, 1)), 0))
        chinese = pc.binary_join_element_wise(pc.if_else(compound, family, first), stars, "")
        if params.keep == "ends":
            three = pc.and_(pc.equal(size, 3), pc.invert(compound))
            chinese = pc.if_else(three, pc.binary_join_element_wise(first, pa.scalar("*"), last, ""), chinese)
        other = pc.binary_join_element_wise(first, pa.scalar("***"), "")
        shown = pc.if_else(pc.match_substring_regex(text, HAN_FIRST), chinese, other)
        return pc.if_else(pc.greater(size, 1), shown, pc.binary_repeat("*", size))

    return map_text(values, mask)


def guarantee(params: Params) -> Guarantee:
    """A character or two."""
    return Guarantee(State.MASKED, shows="the shown characters, and the length of a Chinese name")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same by code points; null for a column that is not text."""
    from sqlglot import exp

    from guard.anonymize.sql_functions import (
        case,
        every,
        exact,
        join,
        length,
        matches,
        number,
        over_text,
        part,
        plain,
        repeat,
        string,
        typed_null,
    )
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.TEXT:
        return typed_null(column)
    value = plain(column, kind)
    size, first, family = length(value), part(value, 1, 1), part(value, 1, 2)
    rest = {count: repeat("*", exp.Sub(this=size.copy(), expression=number(count)), kind.dialect) for count in (1, 2)}
    compound = exp.In(this=exact(family, kind.dialect), expressions=[string(name) for name in COMPOUND])
    chinese = matches(value, regex=HAN_FIRST, globs=(HAN_GLOB,), dialect=kind.dialect)
    arms: list[tuple[exp.Expression, exp.Expression]] = [
        (exp.LTE(this=size.copy(), expression=number(1)), repeat("*", size, kind.dialect)),
        (exp.Not(this=chinese), join(first, string("***"))),
        (every(exp.GT(this=size.copy(), expression=number(2)), compound), join(family, rest[2])),
    ]
    if params.keep == "ends":
        three = exp.EQ(this=size.copy(), expression=number(3))
        arms.append((three, join(first, string("*"), part(value, 3, 1))))
    return kind.cast(over_text(column, kind, case(*arms, otherwise=join(first, rest[1]))))
