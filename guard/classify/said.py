"""Numbers that are what the words beside them say, though no rule of a country or issuer knows them: the telephone
number after `Phone:`, the card number after `credit card`.

It is asked only for runs in which no detector found anything. The word is the evidence; the number must have a form
that such numbers have (7 to 15 digits in groups; 12 to 19 digits with the check digit of ISO/IEC 7812-1).
"""

from __future__ import annotations

import re

from guard.classify.checkdigit import luhn

CARD, PHONE = "intl.credit_card", "intl.phone"
BITS = 3.0
_BEFORE = 40  # characters
_AFTER = 10

_CARD = re.compile(r"[0-9](?:[ -]?[0-9]){11,18}")
_PHONE = re.compile(
    r"(?:\+?[0-9]{1,4}[-. ]?)?(?:\([0-9]{1,5}\)[-. ]?)?[0-9]{2,12}(?:[-. ][0-9]{2,12}){0,5}(?: ?x[0-9]{1,6})?",
    re.IGNORECASE,
)
_CARD_SAID = re.compile(r"(?<![a-z])(?:cards?|cc)(?![a-z])|卡号|卡號|信用卡|银行卡|銀行卡")
_CARD_NOT = re.compile(r"(?<![a-z])(?:id|sim|gift|library|report|business|identity|membership) ?card|order|invoice")
_PHONE_WORDS = (
    "tel|telephone|phone|ph|mobile|cell|cellphone|fax|desk|call|calls|messages?|dial|ring|whatsapp|sms|hotline"
)
_PHONE_SAID = re.compile(
    rf"(?<![a-z])(?:{_PHONE_WORDS})(?: ?(?:no|nr|num|number))?[.:#]*"
    r"(?: (?:is|was|at|on|me|us|him|her|them|to|my|the|now))*[:=\s]*\Z"
    r"|(?<![a-z])answer(?:ing)? at \Z|(?:电话|電話|手机|手機|传真|傳真|座机|热线)[:号码是为 ]*\Z"
)
_PHONE_AFTER = re.compile(r"[ -]\(?(?:office|fax|mobile|cell|home|work|desk)(?![a-z])")
# A part of every word above: most numbers have none near, and are told by a look at these alone.
_HINTS_TEXT = "card cc tel ph mob cell fax desk call messag dial ring whatsapp sms hotline answer offic home work"
_HINTS = tuple(_HINTS_TEXT.split())
_HINTS_HAN = re.compile("[卡电電手传傳座热]")


def kind_of(text: str, lower: str, start: int, end: int) -> tuple[str, str]:
    """The kind that the words beside `[start, end)` give it and the word, or two empty texts.

    Args:
        text: folded text.
        lower: the same in small letters; other scripts may be left out of it (`guard.classify.page`).
        start: of the number.
        end: of the number.

    >>> text = "my phone is 451 5986."
    >>> kind_of(text, text, 12, 20)
    ('intl.phone', 'phone')
    """
    first = max(0, start - _BEFORE)
    before, after = lower[first:start], lower[end : end + _AFTER]
    written = text[first:start]
    if not any(hint in before or hint in after for hint in _HINTS) and not (
        not written.isascii() and _HINTS_HAN.search(written)
    ):
        return "", ""
    if not written.isascii():
        before = written.lower()
    value = text[start:end]
    digits = sum(char.isdecimal() for char in value)
    if 12 <= digits <= 19 and _CARD.fullmatch(value):
        line = before.rpartition("\n")[2]
        said = _CARD_SAID.search(line)
        if said and not _CARD_NOT.search(line) and luhn(re.sub("[ -]", "", value)):
            return CARD, said.group()
    if 7 <= digits <= 18 and _PHONE.fullmatch(value):
        said = _PHONE_SAID.search(before) or _PHONE_AFTER.match(after)
        if said:
            return PHONE, " ".join(re.findall(r"[a-z]+|[\u4e00-\u9fff]+", said.group())[:1])
    return "", ""
