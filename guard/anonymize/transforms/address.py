"""An address is cut after its city.

What it hides: district, street, house and room.
What it keeps: a Chinese address up to and including its city (广东省深圳市***), or without a city its province.
Any other address, and every one that is not clearly so built, becomes `***`.
Against whom: a reader who would visit or single out a household.

Guarantee: addresses of one city look the same. What is shown has at most 20 characters, ends with 市, 省 or 自治区,
and holds no digit, district, county, street, road, building or room.

    >>> import pyarrow as pa
    >>> homes = pa.array(["广东省深圳市南山区1号", "上海市浦东新区", "南山区8号超市", "12 Main St", None])
    >>> apply(homes, Params(), None).to_pylist()
    ['广东省深圳市***', '上海市***', '***', '***', None]

What it does not protect: county-level cities (义乌市) are shown like larger ones, and a small one may single out
people. On a number or a date the result is null.
Reference: HIPAA 45 CFR 164.514(b)(2)(i)(B); GB/T 2260 (administrative divisions) for the words.
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


MAX_SHOWN = 20  # characters: 新疆维吾尔自治区 and the longest city
CITY = ("市",)
PROVINCE = ("特别行政区", "自治区", "省")
MUNICIPALITIES = ("北京市", "上海市", "天津市", "重庆市")
# Words that stand below a city; one of them before the ending means that the ending is not what it seems.
TOO_FINE = "0-9０-９区區县縣街路道号號栋棟室楼樓单弄巷村院"
NOT_A_CITY = "超市|城市|门市|夜市|菜市|集市|股市|早市"


class Params(Value, frozen=True):
    """`level`: `city`, or `province` to show no more than 广东省 (a municipality such as 北京市 counts as one)."""

    level: Literal["city", "province"] = "city"


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised: the longest shown beginning, or nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from guard.anonymize.columns import map_text

    def mask(text: pa.Array) -> pa.Array:
        shown = pc.utf8_slice_codeunits(text, 0, 0)
        for ending in reversed(_endings(params)):  # the first ending that fits wins
            head = pc.struct_field(pc.extract_regex(text, f"(?s)^(?P<head>.*?{ending})"), "head")
            fits = pc.and_(pc.less_equal(pc.utf8_length(head), MAX_SHOWN), pc.invert(_tells(head)))
            shown = pc.if_else(pc.fill_null(fits, fill_value=False), head, shown)
        return pc.binary_join_element_wise(shown, pa.scalar("***"), "")

    def _tells(head: pa.Array) -> pa.Array:
        # 自治区 is no district
        return pc.match_substring_regex(pc.replace_substring(head, "自治区", ""), f"[{TOO_FINE}]|{NOT_A_CITY}")

    return map_text(values, mask)


def _endings(params: Params) -> tuple[str, ...]:
    return CITY + PROVINCE if params.level == "city" else MUNICIPALITIES + PROVINCE


def guarantee(params: Params) -> Guarantee:
    """The city or the province."""
    return Guarantee(State.GENERALISED, shows=f"the {params.level} of a Chinese address")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same by positions; null for a column that is not text."""
    from sqlglot import exp

    from guard.anonymize.sql_functions import (
        call,
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
        position,
        string,
        typed_null,
    )
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.TEXT:
        return typed_null(column)
    value = plain(column, kind)
    arms: list[tuple[exp.Expression, exp.Expression]] = [(exp.Is(this=value, expression=exp.Null()), exp.Null())]
    globs = (f"*[{TOO_FINE}]*", *(f"*{word}*" for word in NOT_A_CITY.split("|")))
    for ending in _endings(params):
        at = position(value, ending, kind.dialect)
        head = part(value, 1, exp.Add(this=at, expression=number(len(ending) - 1)))
        rest = call("REPLACE", exact(head, kind.dialect), string("自治区"), string(""))
        tells = matches(rest, regex=f"[{TOO_FINE}]|{NOT_A_CITY}", globs=globs, dialect=kind.dialect)
        fits: exp.Expression = every(
            exp.GT(this=at.copy(), expression=number(0)),
            exp.LTE(this=length(head), expression=number(MAX_SHOWN)),
            exp.Not(this=tells),
        )
        arms.append((fits, join(head, string("***"))))
    return kind.cast(over_text(column, kind, case(*arms, otherwise=string("***"))))
