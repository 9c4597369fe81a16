"""A column is folded at once; what comes out is what its values give one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guard.classify import cells
from guard.classify.cells import of_texts
from guard.classify.fold import fold

TEXTS = st.text(st.sampled_from(list("aZ19 -\n\r\t.０１ＡﬁѮ㎏\u200b\u00ad\u3000中汉é?无")), max_size=12)


def one_by_one(text: str) -> str:
    """What the value of a cell is, said plainly."""
    return fold(text)[0].strip().replace("\n", " ")


@given(st.lists(st.one_of(st.none(), TEXTS), max_size=30), st.booleans())
def test_a_column_is_its_values(texts: list[str | None], at_once: bool) -> None:
    """Values, counts and nulls, whether the column is folded as one text or, being large, value by value."""
    before = cells._FOLDED_AT_ONCE
    cells._FOLDED_AT_ONCE = before if at_once else 0
    try:
        found = of_texts([*texts, "kept"])
    finally:
        cells._FOLDED_AT_ONCE = before
    wanted: dict[str, int] = {}
    for text in dict.fromkeys(text for text in texts if text is not None):
        value = one_by_one(text)
        if value.lower() not in cells._NO_VALUE:
            wanted[value] = wanted.get(value, 0) + texts.count(text)
    wanted["kept"] = wanted.get("kept", 0) + 1
    assert dict(zip(found.values, found.counts, strict=True)) == wanted
    assert found.nulls == len(texts) + 1 - sum(wanted.values())
    assert found.looked_at == len(texts) + 1
