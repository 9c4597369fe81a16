"""Values that somebody masked already (138****1234, 张*): the kind can still be told, and the label says so."""

from __future__ import annotations

import re

# Over shapes. In order: the first that fits counts.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(form))
    for kind, form in (
        ("cn.mobile", r"9{3}[*xX]{4}9{4}"),
        ("cn.resident_id", r"(?=.{18}\Z)9{1,10}[*]{4,16}(?:9{0,7}[9A]?)"),
        ("cn.bank_card", r"(?=.{15,23}\Z)9{4,6}[* ]{4,12}9{4}"),
        ("intl.email", r"[Aa9._-]{0,4}[*]{1,20}[Aa9._-]{0,3}@[Aa9.-]+"),
        ("person.name_zh", r"汉[*]{1,2}汉?|[*]{1,2}汉{1,2}"),
    )
)
MASKED_BITS = 9.0


def share(shapes: list[str]) -> float:
    """The share of shapes with a mask character in them."""
    if "*" not in "\n".join(shapes):
        return 0.0
    return sum("*" in shape for shape in shapes) / len(shapes)


def kind_of(shapes: list[str]) -> str:
    """The kind that at least four of five shapes are masked forms of, or empty.

    >>> kind_of(["999****9999"]), kind_of(["汉*"]), kind_of(["a*b"])
    ('cn.mobile', 'person.name_zh', '')
    """
    for kind, form in _FORMS:
        if sum(bool(form.fullmatch(shape)) for shape in shapes) * 5 >= len(shapes) * 4:
            return kind
    return ""
