"""Words near a value: what raises or lowers its odds. English is matched by whole token, Chinese by occurrence.

A window is 40 characters before and 20 after; "lic" in "duplicate" is not a word, 手机 in 手机号 is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from guard.classify.detector import Detector

BEFORE = 40
AFTER = 20
_FEW = 96  # words that are quicker looked for one by one
NEAR_BITS = 6.0  # a word of the kind stands before the value
AFTER_BITS = 3.0  # ... or only after it
AGAINST_BITS = -5.0  # the nearest words name something else that is a number

# Camel case ends a word: `mobilePhone` is two.
_LATIN = re.compile(r"[A-Z]*[a-z]+[0-9]{0,2}|[A-Z]+[0-9]{0,2}")

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


Words = tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]


@cache
def words_of(context: tuple[str, ...]) -> Words:
    """Context words as single Latin words, Latin phrases, and Chinese words."""
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
    found = _LATIN.findall(text)
    return " ".join(found).lower().split(" ") if found else found


class Side:
    """The text on one side of a value, read once for all kinds."""

    __slots__ = ("han", "tokens")

    def __init__(self, window: str) -> None:
        self.han = "" if window.isascii() else window
        self.tokens = latin_tokens(window)

    def seen(self, words: Words) -> str:
        """The first of the words that stands here, or nothing."""
        single, phrases, han = words
        if self.han:
            for word in han:
                if word in self.han:
                    return word
        if not single.isdisjoint(self.tokens):
            return next(token for token in self.tokens if token in single)
        if phrases and self.tokens:
            joined = f" {' '.join(self.tokens)} "
            return next((phrase for phrase in phrases if f" {phrase} " in joined), "")
        return ""


class Around:
    """The words around `[start, end)` of a text. Those before are read back to the end of a sentence or line."""

    __slots__ = ("_after", "_against", "_end", "_start", "_text", "before", "window")

    def __init__(self, text: str, start: int, end: int) -> None:
        window = text[max(0, start - BEFORE) : start]
        rfind = window.rfind
        # Written out: this runs once a candidate, and a loop takes twice as long.
        cut = max(rfind("\u3002"), rfind("\n"), rfind(";"), rfind("!"), rfind("?"))
        self.window = window[cut + 1 :]
        self.before = Side(self.window)
        self._after: Side | None = None
        self._against: str | None = None
        self._text, self._start, self._end = text, start, end

    @property
    def after(self) -> Side:
        """What follows, to the end of the sentence or line."""
        if self._after is None:
            following = self._text[self._end : self._end + AFTER]
            self._after = Side(following.split("\u3002", 1)[0].split("\n", 1)[0])
        return self._after

    def against(self) -> str:
        """The word before that names a number of another sort, or nothing."""
        if self._against is None:
            self._against = self._find_against()
        return self._against

    def _find_against(self) -> str:
        if self.before.han and (found := _AGAINST_HAN.search(self.window[-16:])):
            return found.group()
        if _AGAINST_LATIN.isdisjoint(self.before.tokens):
            return ""
        return next((token for token in latin_tokens(self.window[-24:]) if token in _AGAINST_LATIN), "")

    def bits(self, words: Words) -> tuple[float, str]:
        """The bits that the words give a kind with these context words, and the word that gave them."""
        if word := self.before.seen(words):
            return NEAR_BITS, word
        if word := self.after.seen(words):
            return AFTER_BITS, word
        if word := self.against():
            return AGAINST_BITS, f"not {word}"
        return 0.0, ""


def _shortest(words: set[str]) -> tuple[str, ...]:
    """The words that hold no other of the words: where one of the others is, one of these is."""
    return tuple(sorted(word for word in words if not any(other in word for other in words if other != word)))


class WordIndex:
    """Which of several kinds have a context word near: one look at the words for all of them.

    Args:
        contexts: the context words of each kind.
    """

    def __init__(self, contexts: Sequence[Words]) -> None:
        self._single: dict[str, set[int]] = {}
        self._han: dict[str, dict[str, set[int]]] = {}
        self._phrases: list[tuple[str, int]] = []
        for index, (single, phrases, han) in enumerate(contexts):
            for word in single:
                self._single.setdefault(word, set()).add(index)
            for word in han:
                self._han.setdefault(word[0], {}).setdefault(word, set()).add(index)
            self._phrases += ((phrase, index) for phrase in phrases)
        self._heads = frozenset(self._han)
        latin = {*self._single, *(phrase.split(" ")[0] for phrase, _ in self._phrases)}
        self._parts = _shortest(latin), _shortest({word for words in self._han.values() for word in words})
        self._few = len(self._parts[0]) + len(self._parts[1]) <= _FEW

    def maybe(self, text: str, lower: str, start: int, end: int) -> bool:
        """False when no word can be near; told without reading the words around, where there are few to look for.

        Args:
            text: the text.
            lower: the same in small letters.
            start: of the value.
            end: of the value.
        """
        if not self._few:
            return True
        latin, han = self._parts
        first, last = max(0, start - BEFORE), end + AFTER
        near = lower[first:last]
        for word in latin:
            if word in near:
                return True
        near = text[first:last]
        # Loops, not `any`: this runs once a candidate.
        if not near.isascii():
            for word in han:
                if word in near:
                    return True
        return False

    def seen(self, around: Around) -> set[int]:
        """The kinds, by their place in `contexts`, that have a word before or after."""
        found: set[int] = set()
        for side in (around.before, around.after):
            for token in side.tokens:
                if token in self._single:
                    found |= self._single[token]
            if self._phrases and side.tokens:
                joined = f" {' '.join(side.tokens)} "
                found.update(index for phrase, index in self._phrases if f" {phrase} " in joined)
            if side.han:
                for head in self._heads.intersection(side.han):
                    for word, kinds in self._han[head].items():
                        if word in side.han:
                            found |= kinds
        return found


def bits(text: str, start: int, end: int, detector: Detector) -> tuple[float, str]:
    """The bits that the words around `[start, end)` give the detector's kind, and the word that gave them."""
    return Around(text, start, end).bits(words_of(detector.context))
