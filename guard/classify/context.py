"""Words near a value: what raises or lowers its odds. English is matched by whole token, Chinese by occurrence.

A window is 40 characters before and 20 after; "lic" in "duplicate" is not a word, 手机 in 手机号 is.
"""

from __future__ import annotations

import re
from functools import cache

from guard.classify.detector import Detector

BEFORE = 40
AFTER = 20
NEAR_BITS = 6.0  # a word of the kind stands before the value
AFTER_BITS = 3.0  # ... or only after it
AGAINST_BITS = -5.0  # the nearest words name something else that is a number

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LATIN = re.compile(r"[a-z]+[0-9]{0,2}")

# Numbers that only look like identifiers of people.
_AGAINST_HAN = re.compile(
    r"订单|訂單|单号|單號|流水号|流水號|序列号|交易号|交易號|运单|物流|快递|版本|货号|批号|编号|編號|编码|条码|金额|"
    r"時間戳|时间戳|工单|案号|发票|合同号|商品|型号|数量|库存|端口"
)
_AGAINST_LATIN_TEXT = """
order orders invoice version sku serial batch tracking amount price total timestamp ts epoch build commit revision
ticket port quantity qty isbn barcode trace span seq sequence transaction txn
"""
_AGAINST_LATIN = frozenset(_AGAINST_LATIN_TEXT.split())


@cache
def _words(context: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    latin = [word for word in context if word.isascii()]
    return (
        frozenset(word for word in latin if " " not in word and "-" not in word),
        tuple(word.replace("-", " ") for word in latin if " " in word or "-" in word),
        tuple(word for word in context if not word.isascii()),
    )


def latin_tokens(text: str) -> list[str]:
    """The Latin words of a text in small letters; `mobilePhone_no` is three.

    >>> latin_tokens("mobilePhone_no: duplicate")
    ['mobile', 'phone', 'no', 'duplicate']
    """
    return _LATIN.findall(_CAMEL.sub(" ", text).lower())


def _seen(window: str, context: tuple[str, ...]) -> str:
    single, phrases, han = _words(context)
    for word in han:
        if word in window:
            return word
    tokens = latin_tokens(window)
    for token in tokens:
        if token in single:
            return token
    if phrases:
        joined = f" {' '.join(tokens)} "
        return next((phrase for phrase in phrases if f" {phrase} " in joined), "")
    return ""


def bits(text: str, start: int, end: int, detector: Detector) -> tuple[float, str]:
    """The bits that the words around `[start, end)` give the detector's kind, and the word that gave them.

    Words before the value are read up to the end of the sentence or line before it.
    """
    window = text[max(0, start - BEFORE) : start]
    cut = max(window.rfind(mark) for mark in "。\n;；!?")
    before = window[cut + 1 :]
    if word := _seen(before, detector.context):
        return NEAR_BITS, word
    if word := _seen(text[end : end + AFTER].split("。", 1)[0].split("\n", 1)[0], detector.context):
        return AFTER_BITS, word
    if found := _AGAINST_HAN.search(before[-16:]):
        return AGAINST_BITS, f"not {found.group()}"
    for token in latin_tokens(before[-24:]):
        if token in _AGAINST_LATIN:
            return AGAINST_BITS, f"not {token}"
    return 0.0, ""
