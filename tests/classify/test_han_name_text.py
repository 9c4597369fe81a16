"""Chinese names in running text: the arrays never hide a name, and what stands around decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.classify import han_name_text as module
from guard.classify.text import classify_text

PARTS = ["王", "小明", "欧阳", "患者", "消防员", "说", "表示", "承诺", "先生", "，", ":", "a", "证明", "晚秋", "的"]
TEXT = st.lists(st.sampled_from([*PARTS, " "]), max_size=10).map("".join)


@given(TEXT)
@settings(deadline=None, max_examples=200)
def test_places_hide_no_name(text: str) -> None:
    """Reading every place finds what reading the promising places does."""
    found = list(module.find(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_places", lambda text: np.arange(len(text)))
        assert list(module.find(text)) == found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("消防员王小明冲进火场", ["王小明"]),
        ("王先生来电", []),
        ("客户来电，希望更换套餐", []),
        ("联系人：欧阳娜娜；", ["欧阳娜娜"]),
        ("经理温江承诺三日内修好", ["温江"]),
        ("会议由赵铁柱、钱若水和孙桂香主持", ["赵铁柱", "钱若水", "孙桂香"]),
        ("申请人：聂远；性别：男", ["聂远"]),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    """Roles, labels, titles and verbs decide where a name is and where it ends."""
    kind = "person.name_zh"
    assert [text[one.start : one.end] for one in classify_text(text) if one.kind == kind] == names
