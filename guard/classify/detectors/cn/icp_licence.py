"""Internet content filing number of the mainland (ICP备案号): a province character, ICP备 or ICP证, eight
digits, 号, at most a hyphen and the site.

Reference: 工业和信息化部, 非经营性互联网信息服务备案管理办法 (2005).

>>> check("京ICP备12345678号-1"), check("京ICP备1234567号")
(True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, verbs

SHAPE = r"(?:汉[Aa]{3}汉)?9{8}(?:汉)?(?:-9{1,3})?"
PASS_RATE = 0.27
PRIOR = -5.0
CEILING = 1.0
CONTEXT = ("icp备", "icp证", "icp备案", "备案号", "備案號")

RULES: Rules = (
    (
        "the form that the specification gives",
        re.compile(
            r"(?:[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]ICP[备证])?[0-9]{8}号?(?:-[0-9]{1,3})?"
        ).fullmatch,
    ),
)


def normalise(text: str) -> str:
    """Without surrounding space, in capitals."""
    return text.strip().upper()


check, explain = verbs(RULES, normalise)
