"""Japanese personal identity number (マイナンバー): eleven digits, check digit modulo 11.

Reference: Japan, MIC ordinance 85 of 2014 art. 5.

>>> check("621498320257"), check("621498320657")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9{12}|9{4}[- ]9{4}[- ]9{4}"
PASS_RATE = 0.105
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 1.0
CONTEXT = (
    "マイナンバー",
    "個人番号",
    "my number",
    "kojin bango",
    "mynumber",
    "national id",
    "personal id",
    "日本个人身份号码",
)

normalise, check, explain = published("jp.in_", r"[0-9]{12}", "eleven digits, check digit modulo 11")
